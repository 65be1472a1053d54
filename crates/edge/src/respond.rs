//! Every answer that Quash gives itself, errors among them.

use serde::Serialize;
use worker::{Headers, Response, Result, console_error};

use crate::error::Error;

/// How long a client should wait before it asks again while the denylist is down, in seconds.
const RETRY_AFTER_SECS: &str = "5";

#[derive(Serialize)]
struct ErrorBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    code: &'a str,
    message: &'a str,
}

/// The answer that tells the caller of an error, and nobody what is none of their business.
pub(crate) fn error(error: &Error) -> Result<Response> {
    let message = match error {
        // Whose fault it is not must not have to read of our bindings and stores: that is for the log.
        Error::Configuration(_) | Error::Platform(_) | Error::StoreUnavailable(_) => {
            console_error!("quash: {}: {}", error.code(), cause(error));
            "the service failed; it was not your request"
        }
        _ => &error.to_string(),
    };
    let body = ErrorBody { error: error.oauth_error(), code: error.code(), message };
    let mut response = json(error.status(), &body)?;
    let headers = response.headers_mut();
    match error {
        Error::MethodNotAllowed(allow) => headers.set("Allow", allow)?,
        Error::StoreUnavailable(_) => headers.set("Retry-After", RETRY_AFTER_SECS)?,
        Error::ClientUnknown => headers.set("WWW-Authenticate", r#"Basic realm="quash", charset="UTF-8""#)?,
        Error::TokenMissing => headers.set("WWW-Authenticate", r#"Bearer realm="quash""#)?,
        Error::Refused(_) | Error::Revoked { .. } | Error::TokenAmbiguous => {
            // Both values are ours and free of quotes and backslashes.
            let code = error.code();
            let kind = error.oauth_error().unwrap_or_default();
            let challenge = format!(r#"Bearer realm="quash", error="{kind}", error_description="{code}""#);
            headers.set("WWW-Authenticate", &challenge)?;
            if let Error::Revoked { retry_after: Some(delay), .. } = error {
                headers.set("Retry-After", &delay.as_millis().div_ceil(1000).to_string())?;
            }
        }
        _ => {}
    }
    Ok(response)
}

/// What the outermost error of an outage hides.
fn cause(error: &Error) -> String {
    std::error::Error::source(error).unwrap_or(error).to_string()
}

/// A JSON answer that no cache keeps.
pub(crate) fn json(status: u16, body: &impl Serialize) -> Result<Response> {
    let headers = Headers::new();
    headers.set("Content-Type", "application/json")?;
    headers.set("Cache-Control", "no-store")?;
    headers.set("X-Content-Type-Options", "nosniff")?;
    let body = serde_json::to_vec(body)?;
    Ok(Response::from_bytes(body)?.with_headers(headers).with_status(status))
}
