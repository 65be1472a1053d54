//! What the steps of an explanation say beside their outcome.

use alloc::{format, string::String};

use crate::{Issuers, Refusal, Timestamp, UnverifiedToken, VerifiedToken, validation::Check};

impl Issuers {
    /// What the token says of its key, and where that leads nowhere, what there is instead.
    pub(super) fn describe_key(&self, token: &UnverifiedToken<'_>) -> String {
        let (issuer, header) = (token.claims.issuer(), &token.header);
        let mut text =
            format!("iss {}, kid {}, alg {}", quoted(issuer), quoted(header.key_id()), header.algorithm.name());
        match self.key(issuer, header) {
            Ok(_) => {}
            Err(Refusal::IssuerUnknown) => list(&mut text, self.iter().map(|known| quoted(Some(&known.name)))),
            Err(_) => {
                let keys = self.keys(issuer.unwrap_or_default());
                list(&mut text, keys.map(|key| format!("{} for {}", quoted(key.id()), key.algorithm().name())));
            }
        }
        text
    }
}

impl Check {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Type => "type",
            Self::Audience => "audience",
            Self::Expiry => "expiry",
            Self::Start => "start",
            Self::Lifetime => "lifetime",
            Self::Claims => "claims",
        }
    }
}

impl VerifiedToken {
    /// What a check looks at, and what it wants.
    pub(super) fn describe(&self, check: Check, now: Timestamp) -> String {
        let (claims, issuer) = (self.claims(), self.issuer());
        let time = |name: &str, time: Option<Timestamp>| match time {
            Some(time) => format!("{name} {}", relative(time, now)),
            None => format!("no {name}"),
        };
        let leeway = format!("leeway {} s", issuer.leeway.as_secs());
        match check {
            Check::Type => format!("typ {}", quoted(self.header().token_type())),
            Check::Audience => {
                let mut text: String = "aud".into();
                claims.audiences().for_each(|audience| text.extend([" ", &quoted(Some(audience))]));
                list(&mut text, issuer.audiences.iter().map(|audience| quoted(Some(audience))));
                text
            }
            Check::Expiry => format!("{}, {leeway}", time("exp", claims.expires_at())),
            Check::Start => {
                format!("{}, {}, {leeway}", time("iat", claims.issued_at()), time("nbf", claims.not_before()))
            }
            Check::Lifetime => match (claims.expires_at(), claims.issued_at()) {
                (Some(expires_at), Some(issued_at)) => {
                    let (is, may_be) = (expires_at.since(issued_at), issuer.max_lifetime);
                    format!("{} s of at most {} s", is.as_secs(), may_be.as_secs())
                }
                _ => String::new(),
            },
            Check::Claims => match self.check(check, now) {
                Ok(()) => String::new(),
                Err(refusal) => format!("{refusal}"),
            },
        }
    }
}

/// Quoted, and with what could forge a line of a log escaped.
fn quoted(text: Option<&str>) -> String {
    text.map_or_else(|| "none".into(), |text| format!("{text:?}"))
}

fn list(text: &mut String, items: impl Iterator<Item = String>) {
    text.push_str("; configured:");
    let before = text.len();
    items.for_each(|item| text.extend([" ", &item]));
    if text.len() == before {
        text.push_str(" none");
    }
}

pub(super) fn relative(time: Timestamp, now: Timestamp) -> String {
    if time > now {
        format!("in {} s", time.since(now).as_secs())
    } else {
        format!("{} s ago", now.since(time).as_secs())
    }
}
