//! Security events that an issuer pushes (RFC 8935), as OpenID's Shared Signals Framework has them.

use quash_core::{MAX_TOKEN_BYTES, Malformed, Refusal};
use quash_engine::{Answer, Error, JsonObject, config::Routes};
use worker::{Request, Response};

use crate::{
    body,
    guard::{Guard, now},
    request::{AsRequest, post_only},
    respond,
};

/// Takes a security event token, and acknowledges it when what it revokes is durably revoked.
pub(crate) async fn answer(guard: &Guard, routes: &Routes, request: &mut Request) -> worker::Result<Response> {
    match take(guard, routes, request).await {
        Ok(()) => respond::empty(202),
        Err(error) => match error_code(&error) {
            Some(code) => respond::answer(refusal(code, &error)),
            None => respond::refusal(&error),
        },
    }
}

async fn take(guard: &Guard, routes: &Routes, request: &mut Request) -> Result<(), Error> {
    post_only(request)?;
    // 1. RFC 8935 section 2.1: the body is the token.
    let body = body::read(request, "application/secevent+jwt", MAX_TOKEN_BYTES).await?;
    let text = String::from_utf8(body).map_err(|_| Refusal::from(Malformed::Base64Url))?;
    let now = now();
    let token = guard.verify(&text).await?;
    // 2. Section 3: who has signed it is known; who sends it, where the issuer is configured to tell.
    let signals = routes.signals_of(token.claims().issuer()).ok_or(Error::CallerNotAllowed)?;
    signals.check_transmitter(request.header("Authorization").as_deref())?;
    // 3. One that has come before is taken as it was then (section 2.2): it does once more what is done.
    let audiences: Vec<&str> = signals.event_audiences.iter().map(String::as_str).collect();
    let token = token.into_security_event_token(&audiences, now)?;
    if token.revocations().is_empty() {
        return Ok(());
    }
    guard.record(token.revocations(), now).await
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

/// Section 2.3.
fn refusal(code: &str, error: &Error) -> Answer {
    let body = JsonObject::new().text("err", code).text("description", &error.to_string());
    let mut answer = Answer::new(400, body.text("code", error.code()).end());
    answer.headers.push(("Content-Language", "en".into()));
    answer
}
