use std::sync::Arc;

use super::{Field, ledger::mode};
use crate::{
    path::PathPattern,
    policy::{Outage, Policies, Policy},
};

/// The policies of the routes that have one of their own.
pub(super) fn policies(routes: &Field<'_, '_>, has_ledger: bool) -> Policies {
    let routes = routes.list(&mut |route| {
        route.table(&["path", "audiences", "scopes", "optional", "mode", "outage", "max_age"]);
        let path = path(route.member("path").required())?;
        Some((path, Arc::new(policy(route, has_ledger))))
    });
    Policies { routes, ..Policies::default() }
}

pub(super) fn path(field: &Field<'_, '_>) -> Option<PathPattern> {
    let path = PathPattern::parse(field.text()?);
    path.inspect_err(|invalid| field.wrong(invalid)).ok()
}

fn policy(route: &Field<'_, '_>, has_ledger: bool) -> Policy {
    let mut policy = Policy::new().outage(outage(route));
    for audience in route.member("audiences").texts() {
        policy = policy.audience(audience);
    }
    for scope in route.member("scopes").texts_that(problem_of_scope) {
        policy = policy.scope(scope);
    }
    if route.member("optional").is_true() {
        policy = policy.optional();
    }
    match mode(&route.member("mode"), has_ledger) {
        Some(mode) => policy.mode(mode),
        None => policy,
    }
}

fn outage(route: &Field<'_, '_>) -> Outage {
    let max_age = route.member("max_age");
    let outage = match route.member("outage").choice(&["closed", "last_known_good", "danger_open"]) {
        Some(1) => return Outage::LastKnownGood(max_age.required().seconds(0, u64::MAX)),
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
