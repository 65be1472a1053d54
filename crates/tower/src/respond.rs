//! Every answer that Quash gives itself.

use http::{HeaderName, HeaderValue, Response, StatusCode};
use quash_engine::{Answer, Error};

/// The answer that tells the caller of an error. What is wrong with us goes to the log, by `tracing`.
pub fn refusal<B: From<Vec<u8>>>(error: &Error) -> Response<B> {
    if let Some(cause) = error.internal() {
        tracing::error!("{cause}");
    }
    answer(error.answer())
}

pub(crate) fn answer<B: From<Vec<u8>>>(Answer { status, headers, body }: Answer) -> Response<B> {
    let mut response = Response::new(body.into_bytes().into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers {
        if let Ok(name) = HeaderName::try_from(name) {
            add(&mut response, name, &value);
        }
    }
    response
}

/// Adds a header. All values are ours or the configuration's, which has looked at them.
pub(crate) fn add<B>(response: &mut Response<B>, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::try_from(value) {
        response.headers_mut().append(name, value);
    }
}
