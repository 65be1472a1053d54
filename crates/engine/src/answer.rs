use std::time::Duration;

use crate::{error::Error, json_object::JsonObject, note::failure};

/// How long a client should wait before it asks again while something is down, in seconds.
const RETRY_AFTER_SECS: &str = "5";

/// What a caller is told: of an error, and of nothing that is none of their business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The headers. No cache keeps the answer.
    pub headers: Vec<(&'static str, String)>,
    /// A JSON object. Of an error it has `error` as a standard has it, our own `code`, and a `message` for people.
    pub body: String,
}

/// The headers of every answer of ours.
pub const HEADERS: [(&str, &str); 3] =
    [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")];

/// The header that has a refusal's code, for whoever passes the answer on without its body: proxies, and `HEAD`.
pub const CODE: &str = "Quash-Code";

impl Answer {
    /// An answer of JSON.
    pub fn new(status: u16, body: String) -> Self {
        Self { status, headers: HEADERS.map(|(name, value)| (name, value.to_owned())).into(), body }
    }
}

impl Error {
    /// The answer.
    pub fn answer(&self) -> Answer {
        let standard = self.oauth_error().map_or_else(JsonObject::new, |error| JsonObject::new().text("error", error));
        let body = standard.text("code", self.code()).text("message", &self.told()).end();
        let mut answer = Answer::new(self.status(), body);
        let headers = &mut answer.headers;
        headers.push((CODE, self.code().to_owned()));
        let mut add = |name, value: &str| headers.push((name, value.to_owned()));
        let seconds = |delay: &Duration| delay.as_millis().div_ceil(1000).to_string();
        match self {
            Self::MethodNotAllowed(allow) => add("Allow", allow),
            Self::StoreUnavailable(_) | Self::KeysUnavailable(_) | Self::StatusListUnavailable(_) => {
                add("Retry-After", RETRY_AFTER_SECS);
            }
            Self::LedgerUnavailable { retry_after, .. } | Self::RateLimited(retry_after) => {
                add("Retry-After", &seconds(retry_after))
            }
            Self::ClientUnknown => add("WWW-Authenticate", r#"Basic realm="quash", charset="UTF-8""#),
            Self::TokenMissing => add("WWW-Authenticate", r#"Bearer realm="quash""#),
            Self::Refused(_)
            | Self::Revoked { .. }
            | Self::Status(_)
            | Self::StatusListRefused
            | Self::ScopeMissing(_)
            | Self::TokenAmbiguous => {
                // All values are ours or the configuration's, and free of quotes and backslashes.
                let (kind, code) = (self.oauth_error().unwrap_or_default(), self.code());
                let mut challenge = format!(r#"Bearer realm="quash", error="{kind}", error_description="{code}""#);
                if let Self::ScopeMissing(scopes) = self {
                    challenge += &format!(r#", scope="{}""#, scopes.join(" "));
                }
                add("WWW-Authenticate", &challenge);
                if let Self::Revoked { retry_after: Some(delay), .. } = self {
                    add("Retry-After", &seconds(delay));
                }
            }
            _ => {}
        }
        answer
    }

    /// The answer to a proxy that asks whether a request may pass. Those know 401, 403 and what is wrong with us, and some take
    /// anything else for a failure of ours.
    pub fn answer_to_proxy(&self) -> Answer {
        let mut answer = self.answer();
        if answer.status == 400 {
            answer.status = 403;
        }
        answer
    }

    /// What it says to whoever has asked.
    pub(crate) fn told(&self) -> String {
        match self.internal() {
            Some(_) => "the service failed; it was not your request".into(),
            None => self.to_string(),
        }
    }

    /// What is wrong with us, as a line of JSON for the log alone: whose fault it is not must not have to read of our bindings and stores.
    pub fn internal(&self) -> Option<String> {
        let cause: &dyn std::fmt::Display = match self {
            Self::StoreUnavailable(cause)
            | Self::LedgerUnavailable { cause, .. }
            | Self::KeysUnavailable(cause)
            | Self::StatusListUnavailable(cause)
            | Self::Platform(cause) => cause,
            Self::Configuration(cause) => cause,
            _ => return None,
        };
        Some(failure(self.code(), &cause.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(error: &Error, name: &str) -> Option<String> {
        error.answer().headers.into_iter().find(|(found, _)| *found == name).map(|(_, value)| value)
    }

    #[test]
    fn a_missing_scope_is_named() {
        let error = Error::ScopeMissing(vec!["read".into(), "write".into()]);
        let challenge = r#"Bearer realm="quash", error="insufficient_scope", error_description="scope_missing", scope="read write""#;
        assert_eq!(header(&error, "WWW-Authenticate").as_deref(), Some(challenge));
        assert_eq!(error.answer().status, 403);
        let body = r#"{"error":"insufficient_scope","code":"scope_missing","message":"the token's scope does not reach this far"}"#;
        assert_eq!(error.answer().body, body);
    }

    #[test]
    fn what_is_wrong_with_us_is_for_the_log() {
        let error = Error::KeysUnavailable("https://issuer.example/jwks: 500".into());
        assert!(!error.answer().body.contains("issuer.example"));
        assert_eq!(
            error.internal().as_deref(),
            Some(r#"{"quash":"failure","code":"keys_unavailable","cause":"https://issuer.example/jwks: 500"}"#)
        );
        assert_eq!(header(&error, "Retry-After").as_deref(), Some("5"));
        assert_eq!(Error::TokenMissing.internal(), None);
    }
}
