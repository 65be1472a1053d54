//! Security events that an issuer pushes (RFC 8935), as OpenID's Shared Signals Framework has them.

use quash_core::{MAX_TOKEN_BYTES, Malformed, Refusal, Revocation, Timestamp, VerifiedToken};
use quash_engine::{Answer, CODE, Error, JsonObject, config::Routes};
use worker::Response;

use crate::respond;

/// Section 2.1: the body is the token.
pub(crate) const BODY: (&str, usize) = ("application/secevent+jwt", MAX_TOKEN_BYTES);

pub(crate) fn token(body: &[u8]) -> Result<String, Error> {
    Ok(str::from_utf8(body).map_err(|_| Refusal::from(Malformed::Base64Url))?.into())
}

/// One that has come before is taken as it was then (section 2.2): it does once more what is done.
pub(crate) fn revocations(
    token: VerifiedToken,
    routes: &Routes,
    authorization: Option<&str>,
    now: Timestamp,
) -> Result<Vec<Revocation>, Error> {
    // Section 3: who has signed it is known; and who sends it, where the issuer is configured to tell.
    let signals = routes.signals_of(token.claims().issuer()).ok_or(Error::CallerNotAllowed)?;
    signals.check_transmitter(authorization)?;
    let audiences: Vec<&str> = signals.event_audiences.iter().map(String::as_str).collect();
    Ok(token.into_security_event_token(&audiences, now)?.revocations().into())
}

/// Section 2.3.
pub(crate) fn refusal(error: &Error) -> worker::Result<Response> {
    let Some(code) = error_code(error) else { return respond::refusal(error) };
    let body = JsonObject::new().text("err", code).text("description", &error.to_string());
    let mut answer = Answer::new(400, body.text("code", error.code()).end());
    answer.headers.push((CODE, error.code().into()));
    answer.headers.push(("Content-Language", "en".into()));
    respond::answer(answer)
}

/// Section 2.4; `None` for what is no fault of the token or its sender.
const fn error_code(error: &Error) -> Option<&'static str> {
    match error {
        Error::Refused(Refusal::IssuerUnknown) => Some("invalid_issuer"),
        Error::Refused(Refusal::KeyUnknown | Refusal::SignatureInvalid | Refusal::AlgorithmRefused) => {
            Some("invalid_key")
        }
        Error::Refused(Refusal::AudienceMismatch) => Some("invalid_audience"),
        Error::Refused(_) => Some("invalid_request"),
        Error::ClientUnknown => Some("authentication_failed"),
        Error::CallerNotAllowed => Some("access_denied"),
        _ => None,
    }
}
