//! Logouts that an issuer sends (OpenID Connect Back-Channel Logout 1.0).

use quash_core::{Revocation, Timestamp, VerifiedToken};
use quash_engine::{Error, Form, config::Routes};
use worker::Response;

use crate::respond;

/// Section 2.5: a form.
pub(crate) const BODY: (&str, usize) = (Form::MEDIA_TYPE, Form::MAX_BYTES);

/// The logout token. Whatever else the form has is ignored.
pub(crate) fn token(body: &[u8]) -> Result<String, Error> {
    Form::parse(body).field("logout_token")?.map(String::from).ok_or(Error::Parameter("logout_token"))
}

pub(crate) fn revocations(token: VerifiedToken, routes: &Routes, now: Timestamp) -> Result<Vec<Revocation>, Error> {
    let audiences =
        routes.signals_of(token.claims().issuer()).into_iter().flat_map(|signals| &signals.logout_audiences);
    let audiences: Vec<&str> = audiences.map(String::as_str).collect();
    Ok(token.into_logout_token(&audiences, now)?.revocation(now).into_iter().collect())
}

/// Section 2.8.
pub(crate) fn refusal(error: &Error) -> worker::Result<Response> {
    match error {
        Error::Refused(_) | Error::Parameter(_) => respond::bad_request(error),
        // The section has 400 for a logout that failed, too. An outage is no fault of the issuer's, and it may try again.
        _ => respond::refusal(error),
    }
}
