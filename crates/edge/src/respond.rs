//! Every answer that Quash gives itself, errors among them.

use quash_engine::{Answer, CODE, Error, HEADERS, JsonObject, admin::Problem};
use serde::Serialize;
use worker::{Headers, Response, Result, console_error};

/// The answer that tells the caller of an error. What is wrong with us goes to the log.
///
/// # Errors
/// Those of the platform.
pub fn refusal(error: &Error) -> Result<Response> {
    log(error);
    answer(error.answer())
}

/// The answer that tells an administrator of one.
pub(crate) fn problem(problem: &Problem) -> Result<Response> {
    log_problem(problem);
    answer(problem.answer())
}

/// Says in the log what is wrong with us.
pub(crate) fn log_problem(problem: &Problem) {
    if let Some(cause) = problem.internal() {
        console_error!("{cause}");
    }
}

/// The answer that tells a proxy of one.
pub(crate) fn refusal_to_proxy(error: &Error) -> Result<Response> {
    log(error);
    answer(error.answer_to_proxy())
}

/// Says in the log what is wrong with us.
pub(crate) fn log(error: &Error) {
    if let Some(cause) = error.internal() {
        console_error!("{cause}");
    }
}

/// An answer of the engine's.
pub(crate) fn answer(answer: Answer) -> Result<Response> {
    let headers = Headers::from_iter(answer.headers.into_iter().map(|(name, value)| (name.to_owned(), value)));
    Ok(Response::from_bytes(answer.body.into_bytes())?.with_headers(headers).with_status(answer.status))
}

/// The answer that tells the caller of an error in what the request says. A token may be the request, and not the credential that it
/// is elsewhere: then there is nothing to challenge.
pub(crate) fn bad_request(error: &Error) -> Result<Response> {
    let body = JsonObject::new().text("error", "invalid_request").text("error_description", &error.to_string());
    let mut refusal = Answer::new(400, body.text("code", error.code()).end());
    refusal.headers.push((CODE, error.code().into()));
    answer(refusal)
}

/// The answer to whoever may not have what a token stands for (RFC 6749 section 5.2). It is no credential there, so nothing is to
/// challenge.
pub(crate) fn refused_grant(error: &Error) -> Result<Response> {
    log(error);
    answer(match error {
        Error::Refused(_) | Error::Revoked { .. } | Error::ClientMismatch => {
            let body = JsonObject::new().text("error", "invalid_grant").text("code", error.code());
            let mut refusal = Answer::new(400, body.text("message", &error.to_string()).end());
            refusal.headers.push((CODE, error.code().into()));
            refusal
        }
        error => error.answer(),
    })
}

/// The answer that a standard wants with nothing in it.
pub(crate) fn empty(status: u16) -> Result<Response> {
    let headers = Headers::from_iter([("Cache-Control", "no-store")]);
    Ok(Response::empty()?.with_headers(headers).with_status(status))
}

/// A JSON answer.
pub(crate) fn json(status: u16, body: &impl Serialize) -> Result<Response> {
    let body = serde_json::to_vec(body)?;
    Ok(Response::from_bytes(body)?.with_headers(Headers::from_iter(HEADERS)).with_status(status))
}

/// An error of the platform's.
pub(crate) fn platform(error: worker::Error) -> Error {
    Error::Platform(error.to_string())
}
