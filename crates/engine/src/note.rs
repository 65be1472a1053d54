//! What is told of a request to those who look after a deployment: names and numbers out of lists of ours, and nothing that
//! whoever sent it has written.

use crate::json_object::{JsonObject, json_array, quoted};

/// How much an event matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something is wrong with us, or with what we rest on.
    Errors,
    /// Somebody was refused who should not have tried, or something was revoked.
    Notable,
    /// Whatever else was answered: tokens that are not there, or have expired, come all day, and so does who asks about one.
    All,
}

impl Level {
    pub(crate) const ALL: [Self; 3] = [Self::Errors, Self::Notable, Self::All];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Errors => "errors",
            Self::Notable => "notable",
            Self::All => "all",
        }
    }
}

/// The codes of what comes all day.
const EVERYDAY: [&str; 2] = ["token_missing", "token_expired"];

/// Where something is revoked.
const REVOKING: [&str; 6] = ["logout", "revoke", "backchannel-logout", "events", "global-token-revocation", "admin"];

/// An event. Its texts come from lists of ours, and none from a request: that is what keeps secrets out of logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Note<'n> {
    /// Where: `guarded`, or the name of an endpoint.
    pub route: &'n str,
    /// The status of the answer.
    pub status: u16,
    /// The code of a refusal; empty where nothing was refused.
    pub code: &'n str,
    /// The deployment's mode.
    pub mode: &'static str,
    /// How long it took by the platform's clock, which stands still while there is nothing to wait for, in milliseconds.
    pub millis: Option<u64>,
}

impl Note<'_> {
    /// How much it matters.
    pub fn level(&self) -> Level {
        match self.status {
            500.. => Level::Errors,
            _ if self.code.is_empty() && !REVOKING.contains(&self.route) => Level::All,
            _ if EVERYDAY.contains(&self.code) => Level::All,
            _ => Level::Notable,
        }
    }

    fn event(&self) -> &'static str {
        if self.code.is_empty() { "answer" } else { "refusal" }
    }

    /// The line of a log.
    pub fn line(&self) -> String {
        let line = JsonObject::new().text("quash", self.event()).text("route", self.route);
        let line = if self.code.is_empty() { line } else { line.text("code", self.code) };
        let line = line.number("status", self.status.into()).text("mode", self.mode);
        match self.millis {
            Some(millis) => line.number("ms", millis),
            None => line,
        }
        .end()
    }

    /// A data point for Analytics Engine, as `writeDataPoint` takes it. The places are pinned: whoever has counted since last
    /// year goes by them (docs/operations.md).
    pub fn data_point(&self) -> String {
        let blobs = [self.event(), self.route, self.code, self.mode].map(quoted);
        let doubles = [u64::from(self.status), self.millis.unwrap_or_default()].map(|number| number.to_string());
        JsonObject::new()
            .json("indexes", &json_array([quoted(self.route)]))
            .json("blobs", &json_array(blobs))
            .json("doubles", &json_array(doubles))
            .end()
    }
}

/// The line that tells what is wrong with us.
pub(crate) fn failure(code: &str, cause: &str) -> String {
    JsonObject::new().text("quash", "failure").text("code", code).text("cause", cause).end()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTE: Note<'_> =
        Note { route: "revoke", status: 401, code: "client_unknown", mode: "bounded", millis: Some(3) };

    #[test]
    fn a_line_and_a_data_point_are_pinned() {
        let line =
            r#"{"quash":"refusal","route":"revoke","code":"client_unknown","status":401,"mode":"bounded","ms":3}"#;
        assert_eq!(NOTE.line(), line);
        let point =
            r#"{"indexes":["revoke"],"blobs":["refusal","revoke","client_unknown","bounded"],"doubles":[401,3]}"#;
        assert_eq!(NOTE.data_point(), point);
        let answer = Note { code: "", status: 200, millis: None, ..NOTE };
        assert_eq!(answer.line(), r#"{"quash":"answer","route":"revoke","status":200,"mode":"bounded"}"#);
    }

    #[test]
    fn what_comes_all_day_matters_least_and_what_is_wrong_with_us_most() {
        let level = |status, code| Note { status, code, ..NOTE }.level();
        assert_eq!(level(503, "store_unavailable"), Level::Errors);
        assert_eq!(level(401, "token_revoked"), Level::Notable);
        assert_eq!(level(200, ""), Level::Notable);
        assert_eq!(level(401, "token_missing"), Level::All);
        assert_eq!(Note { route: "introspect", code: "", status: 200, ..NOTE }.level(), Level::All);
        assert!(Level::Errors < Level::Notable && Level::Notable < Level::All);
    }
}
