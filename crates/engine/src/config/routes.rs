use std::{sync::Arc, time::Duration};

use super::{
    Field,
    mode::{Place, mode},
};
use crate::{
    path::PathPattern,
    policy::{Mode, Outage, Policies, Policy},
};

/// The policies of the routes that have one of their own. `default` is where the others look for revocations.
pub(super) fn policies(routes: &Field<'_, '_>, default: Mode, place: Place) -> Policies {
    let routes = routes.list(&mut |route| {
        route.table(&["path", "audiences", "scopes", "optional", "mode", "outage", "max_age"]);
        let path = path(route.member("path").required())?;
        Some((path, Arc::new(policy(route, default, place))))
    });
    Policies { routes, ..Policies::default() }
}

pub(super) fn path(field: &Field<'_, '_>) -> Option<PathPattern> {
    let path = PathPattern::parse(field.text()?);
    path.inspect_err(|invalid| field.wrong(invalid)).ok()
}

fn policy(route: &Field<'_, '_>, default: Mode, place: Place) -> Policy {
    let mode = mode(&route.member("mode"), place);
    // Nothing else is followed, so that it could be known how old it is.
    let followed = place.followed_within().filter(|_| mode.unwrap_or(default) == Mode::Bounded);
    let mut policy = Policy::new().outage(outage(route, followed));
    for audience in route.member("audiences").texts() {
        policy = policy.audience(audience);
    }
    for scope in route.member("scopes").texts_that(problem_of_scope) {
        policy = policy.scope(scope);
    }
    if route.member("optional").is_true() {
        policy = policy.optional();
    }
    match mode {
        Some(mode) => policy.mode(mode),
        None => policy,
    }
}

/// What becomes of a route in an outage; `followed` is within what time it knows of revocations, if it goes by what is followed.
fn outage(route: &Field<'_, '_>, followed: Option<Duration>) -> Outage {
    let (outage, max_age) = (route.member("outage"), route.member("max_age"));
    let outage = match outage.choice(&["closed", "last_known_good", "danger_open"]) {
        Some(1) => {
            let oldest = max_age.required().seconds(0, u64::MAX);
            match followed {
                None => outage.wrong(
                    &"`last_known_good` is for routes that are `bounded`: no other knows how old what it goes by is",
                ),
                // A request on any route passes by what is no older than that.
                Some(fresh) if oldest <= fresh && max_age.is_there() => {
                    let fresh = fresh.as_secs();
                    max_age.wrong(&format_args!("must be more than `max_staleness`, which is {fresh}"));
                }
                Some(_) => {}
            }
            return Outage::LastKnownGood(oldest);
        }
        Some(2) => Outage::DangerOpen,
        _ => Outage::Closed,
    };
    if max_age.is_there() {
        max_age.wrong(&"is for `outage = \"last_known_good\"` only");
    }
    outage
}

/// RFC 6749 appendix A.4: printable, without space, quote and backslash.
fn problem_of_scope(scope: &str) -> Option<&'static str> {
    let is_valid = !scope.is_empty() && scope.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b'\\'));
    (!is_valid).then_some("is no scope (RFC 6749 section 3.3)")
}
