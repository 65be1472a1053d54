use quash_core::Refusal;
use thiserror::Error;

use crate::{
    answer::{Answer, CODE, HEADERS},
    error::Error,
    json_object::JsonObject,
};

/// The media type of problem details (RFC 9457 section 3).
const PROBLEM: &str = "application/problem+json";

/// Why an administrator is not answered with what he asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Problem {
    /// As for anybody.
    #[error(transparent)]
    Error(#[from] Error),
    /// A member of a JSON object is missing, unknown, or has a value that it cannot have here.
    #[error("the member `{0}` is missing, unknown, of another kind, or has no place here")]
    Member(String),
    /// The body is no JSON object.
    #[error("the request's body must be a JSON object, with no member twice")]
    BodyNotJson,
    /// There is no such route.
    #[error("there is nothing at this path")]
    RouteUnknown,
    /// The key of another request (draft-ietf-httpapi-idempotency-key-header section 2.7).
    #[error("the idempotency key was used for another request")]
    IdempotencyKeyReused,
    /// Nothing is revoked under that id.
    #[error("nothing is revoked under this id, nor was it")]
    RevocationUnknown,
    /// It is not any more what it was when somebody looked.
    #[error("something was revoked under this id meanwhile, and nothing has been lifted; look again")]
    RevocationChanged,
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::Error(refusal.into())
    }
}

impl Problem {
    /// The stable code.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Error(error) => error.code(),
            Self::Member(_) => "member_invalid",
            Self::BodyNotJson => "body_not_json",
            Self::RouteUnknown => "route_unknown",
            Self::IdempotencyKeyReused => "idempotency_key_reused",
            Self::RevocationUnknown => "revocation_unknown",
            Self::RevocationChanged => "revocation_changed",
        }
    }

    /// The HTTP status. Of an administrator's request a token is what it is about, and not who sends it: what is wrong with that is no 401.
    pub const fn status(&self) -> u16 {
        match self {
            Self::Error(Error::Refused(_)) | Self::Member(_) | Self::BodyNotJson => 400,
            Self::Error(error) => error.status(),
            Self::RouteUnknown | Self::RevocationUnknown => 404,
            Self::RevocationChanged => 409,
            Self::IdempotencyKeyReused => 422,
        }
    }

    /// What it says to whoever has asked.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Error(error) => error.told(),
            problem => problem.to_string(),
        }
    }

    /// What is wrong with us, for the log alone.
    pub fn internal(&self) -> Option<String> {
        match self {
            Self::Error(error) => error.internal(),
            _ => None,
        }
    }

    /// The answer as problem details (RFC 9457), whose `code` is our own.
    pub fn answer(&self) -> Answer {
        let status = self.status();
        // Without a type of its own a problem has the status' title (section 4.2.1).
        let problem = JsonObject::new().text("type", "about:blank").text("title", title(status));
        let problem = problem.number("status", status.into()).text("detail", &self.told()).text("code", self.code());
        let mut headers = match self {
            Self::Error(error) => error.answer().headers,
            _ => {
                let code = (CODE, self.code().to_owned());
                HEADERS.map(|(name, value)| (name, value.to_owned())).into_iter().chain([code]).collect()
            }
        };
        headers.retain(|(name, _)| *name != "WWW-Authenticate" || status == 401);
        for (name, value) in &mut headers {
            if *name == "Content-Type" {
                *value = PROBLEM.into();
            }
        }
        Answer { status, headers, body: problem.end() }
    }
}

/// RFC 9110 section 15, of those that there are.
const fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        429 => "Too Many Requests",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_says_what_it_is_and_nothing_of_ours() {
        let problem = Problem::from(Error::StoreUnavailable("the ledger did not answer: shard-0".into())).answer();
        let body = r#"{"type":"about:blank","title":"Service Unavailable","status":503,"detail":"the service failed; it was not your request","code":"store_unavailable"}"#;
        assert_eq!(problem.body, body);
        let has = |name: &str, value: &str| problem.headers.iter().any(|(n, v)| *n == name && v == value);
        assert!(
            has("Content-Type", "application/problem+json")
                && has("Retry-After", "5")
                && has("Cache-Control", "no-store")
        );
    }

    #[test]
    fn a_token_that_is_asked_about_is_no_credential() {
        let problem = Problem::from(Refusal::SignatureInvalid).answer();
        assert_eq!(problem.status, 400);
        assert!(problem.headers.iter().all(|(name, _)| *name != "WWW-Authenticate"));
        let unknown = Problem::from(Error::ClientUnknown).answer();
        assert!(unknown.status == 401 && unknown.headers.iter().any(|(name, _)| *name == "WWW-Authenticate"));
    }
}
