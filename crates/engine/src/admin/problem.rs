use crate::{answer::Answer, error::Error, json_object::JsonObject};

/// The media type of problem details (RFC 9457 section 3).
const PROBLEM: &str = "application/problem+json";

impl Error {
    /// The answer as problem details (RFC 9457), whose `code` is our own.
    ///
    /// Of an administrator's request a token is what it is about, and not who sends it: what is wrong with that is no 401.
    pub fn problem(&self) -> Answer {
        let mut answer = self.answer();
        if matches!(self, Self::Refused(_)) {
            answer.status = 400;
            answer.headers.retain(|(name, _)| *name != "WWW-Authenticate");
        }
        for (name, value) in &mut answer.headers {
            if *name == "Content-Type" {
                *value = PROBLEM.into();
            }
        }
        // Without a type of its own a problem has the status' title (section 4.2.1).
        let problem = JsonObject::new().text("type", "about:blank").text("title", title(answer.status));
        let problem = problem.number("status", answer.status.into()).text("detail", &self.told());
        answer.body = problem.text("code", self.code()).end();
        answer
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
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}

#[cfg(test)]
mod tests {
    use quash_core::Refusal;

    use super::*;

    #[test]
    fn a_problem_says_what_it_is_and_nothing_of_ours() {
        let problem = Error::StoreUnavailable("the ledger did not answer: shard-0".into()).problem();
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
        let problem = Error::from(Refusal::SignatureInvalid).problem();
        assert_eq!(problem.status, 400);
        assert!(problem.headers.iter().all(|(name, _)| *name != "WWW-Authenticate"));
        let unknown = Error::ClientUnknown.problem();
        assert!(unknown.status == 401 && unknown.headers.iter().any(|(name, _)| *name == "WWW-Authenticate"));
    }
}
