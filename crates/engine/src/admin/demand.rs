use quash_core::{
    Reason, Target, Timestamp,
    json::{Document, Object, Value},
};

use super::Problem;
use crate::{error::Error, form::Form, wanted::Wanted};

/// The most demands of one request. The Worker may make 1000 requests for one of its own: for each demand one to Workers KV and one to
/// the data centre's cache, one to each of 255 shards at most, and some more: 2 × 300 + 255 is far enough below.
const MAX_DEMANDS: usize = 300;

/// The longest body with many, in bytes: 300 of usual tokens.
const MAX_LINES_BYTES: usize = 512 * 1024;

/// The longest with one, in bytes: the longest token, and what is said of it.
const MAX_ONE_BYTES: usize = quash_core::MAX_TOKEN_BYTES + 4096;

/// The longest texts for the audit log, in characters.
const MAX_ACTOR: usize = 100;
const MAX_NOTE: usize = 500;

/// Names of what a demand may say.
const MEMBERS: [&str; 15] = [
    "token",
    "iss",
    "jti",
    "sid",
    "sub",
    "client_id",
    "kid",
    "claim",
    "value",
    "everything",
    "before",
    "keep",
    "exp",
    "reason",
    "actor",
];
const NOTE: &str = "note";

/// What an administrator wants revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand<'d> {
    /// What it is.
    pub what: Demanded<'d>,
    /// Why.
    pub reason: Reason,
    /// Who wants it, in the words of the client that asks.
    pub actor: Option<&'d str>,
    /// What is to be remembered of it.
    pub note: Option<&'d str>,
}

/// What is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demanded<'d> {
    /// This token.
    Token(&'d str),
    /// Tokens of an issuer's, by what they say.
    Named {
        /// The issuer.
        issuer: &'d str,
        /// What they say.
        wanted: Wanted<'d>,
    },
}

/// A demand of a body, and the number of its line where there are many.
pub type Line = (Option<usize>, Result<Document, Problem>);

/// A body's media type, and how long it may be.
pub fn demands(is_ndjson: bool) -> (&'static str, usize) {
    if is_ndjson { (Demand::LINES, MAX_LINES_BYTES) } else { (Demand::ONE, MAX_ONE_BYTES) }
}

impl<'d> Demand<'d> {
    /// The media type of a body with one (RFC 8259).
    pub const ONE: &'static str = "application/json";

    /// The media type of a body with one on each line.
    pub const LINES: &'static str = "application/x-ndjson";

    /// The documents of a body: one, of which it is said before all else what is wrong with it; or one on each line. Empty lines are none.
    ///
    /// # Errors
    /// [`Problem::BodyNotJson`] or [`Problem::Member`]; [`Error::BodyTooLarge`] where there are too many: then nothing is done for any of them.
    pub fn documents(body: Vec<u8>, is_ndjson: bool) -> Result<Vec<Line>, Problem> {
        if !is_ndjson {
            let document = Self::document(body)?;
            Demand::read(document.object())?;
            return Ok(vec![(None, Ok(document))]);
        }
        let lines = body.split(|byte| *byte == b'\n').enumerate();
        let lines: Vec<_> = lines.filter(|(_, line)| !line.trim_ascii().is_empty()).collect();
        match lines.len() {
            0 => Err(Problem::BodyNotJson),
            1..=MAX_DEMANDS => {
                Ok(lines.into_iter().map(|(index, line)| (Some(index + 1), Self::document(line.into()))).collect())
            }
            _ => Err(Error::BodyTooLarge.into()),
        }
    }

    /// The document of a body that has one.
    ///
    /// # Errors
    /// [`Problem::BodyNotJson`].
    pub fn document(body: Vec<u8>) -> Result<Document, Problem> {
        Document::parse(body).map_err(|_| Problem::BodyNotJson)
    }

    /// The token that is demanded, if one is: to be verified, whatever else is said.
    pub fn token(members: Object<'d>) -> Option<&'d str> {
        members.get("token").and_then(Value::as_str)
    }

    /// Reads a demand. Times are `NumericDate`s (RFC 7519 section 2).
    ///
    /// # Errors
    /// [`Problem::Member`] names the first that is wrong.
    pub fn read(members: Object<'d>) -> Result<Self, Problem> {
        only(members, |name| MEMBERS.contains(&name) || name == NOTE)?;
        let reason = match text(members, "reason")? {
            None => Reason::Administrator,
            Some(name) => reason(name).ok_or_else(|| Problem::Member("reason".into()))?,
        };
        Ok(Self {
            what: what(members, reason)?,
            reason,
            actor: short(members, "actor", MAX_ACTOR)?,
            note: short(members, NOTE, MAX_NOTE)?,
        })
    }
}

/// The reason that has this name.
pub(super) fn reason(name: &str) -> Option<Reason> {
    Reason::ALL.into_iter().find(|reason| reason.name() == name)
}

fn what(members: Object<'_>, reason: Reason) -> Result<Demanded<'_>, Problem> {
    let (target, issuer) = (target(members)?, text(members, "iss")?);
    let (before, exp) = (date(members, "before")?, date(members, "exp")?);
    let keep = text(members, "keep")?;
    if let Some(token) = text(members, "token")? {
        // It says all that itself.
        return match (target, issuer, before, exp, keep) {
            (None, None, None, None, None) => Ok(Demanded::Token(token)),
            _ => Err(Problem::Member("token".into())),
        };
    }
    let issuer = issuer.ok_or_else(|| Problem::Member("iss".into()))?;
    // Who left it undefined wanted less than everything.
    let target = target.ok_or_else(|| Problem::Member("everything".into()))?;
    let is_token = matches!(target, Target::TokenId(_));
    for (name, is_wrong) in [
        ("before", before.is_some() && is_token),
        ("keep", keep.is_some() && (is_token || matches!(target, Target::Session(_)))),
        ("exp", exp.is_some() && !is_token),
    ] {
        if is_wrong {
            return Err(Problem::Member(name.into()));
        }
    }
    // `iat` is in whole seconds, so what was issued before half a second past is what was issued until that second.
    let until = |before: Timestamp| Timestamp::from_millis((before.as_secs_ceil() * 1000).saturating_sub(1));
    let wanted = Wanted { target, issued_until: before.map(until), keep, expires_at: exp, reason };
    Ok(Demanded::Named { issuer, wanted })
}

/// The one thing that is named.
fn target(members: Object<'_>) -> Result<Option<Target<'_>>, Problem> {
    let mut target = None;
    let mut named = |name: &str, found: Option<_>| match found {
        Some(found) if target.replace(found).is_some() => Err(Problem::Member(name.into())),
        _ => Ok(()),
    };
    named("jti", text(members, "jti")?.map(Target::TokenId))?;
    named("sid", text(members, "sid")?.map(Target::Session))?;
    named("sub", text(members, "sub")?.map(Target::Subject))?;
    named("client_id", text(members, "client_id")?.map(Target::Client))?;
    named("kid", text(members, "kid")?.map(Target::Key))?;
    let claim = match (text(members, "claim")?, text(members, "value")?) {
        (Some(name), Some(value)) => Some(Target::Claim { name, value }),
        (None, None) => None,
        _ => return Err(Problem::Member("value".into())),
    };
    named("claim", claim)?;
    let everything = match members.get("everything") {
        None => None,
        Some(Value::Bool(true)) => Some(Target::Everything),
        Some(_) => return Err(Problem::Member("everything".into())),
    };
    named("everything", everything)?;
    Ok(target)
}

/// Refuses what has a member of another name.
pub(super) fn only(members: Object<'_>, is_known: impl Fn(&str) -> bool) -> Result<(), Problem> {
    let unknown = members.members().find(|(name, _)| !is_known(name));
    // As much of it as a person needs to find it.
    unknown.map_or(Ok(()), |(name, _)| Err(Problem::Member(name.chars().take(40).collect())))
}

pub(super) fn text<'d>(members: Object<'d>, name: &str) -> Result<Option<&'d str>, Problem> {
    match members.get(name) {
        None => Ok(None),
        // An empty one names nobody: a session that is to be kept would not be.
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text)),
        Some(_) => Err(Problem::Member(name.into())),
    }
}

fn short<'d>(members: Object<'d>, name: &str, max: usize) -> Result<Option<&'d str>, Problem> {
    match text(members, name)? {
        Some(text) if text.chars().count() > max => Err(Problem::Member(name.into())),
        text => Ok(text),
    }
}

/// Who has something lifted, for whom, and what is said of it: a query's.
///
/// # Errors
/// [`Error::Parameter`].
pub fn lifting(query: &Form) -> Result<(Option<&str>, Option<&str>), Error> {
    query.only(&["actor", NOTE])?;
    let short = |name, max| match query.field(name)? {
        Some(text) if text.chars().count() > max => Err(Error::Parameter(name)),
        text => Ok(text),
    };
    Ok((short("actor", MAX_ACTOR)?, short(NOTE, MAX_NOTE)?))
}

fn date(members: Object<'_>, name: &str) -> Result<Option<Timestamp>, Problem> {
    let millis = match members.get(name) {
        None => return Ok(None),
        Some(Value::Number(number)) => number.thousandths(),
        Some(_) => None,
    };
    millis.map(|millis| Some(Timestamp::from_millis(millis))).ok_or_else(|| Problem::Member(name.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(json: &str) -> String {
        let document = Document::parse(json.into()).unwrap();
        Demand::read(document.object()).map_or_else(|error| error.to_string(), |_| "demanded".into())
    }

    #[test]
    fn is_one_token_or_one_thing_of_an_issuers() {
        let read = |json: &str, check: &dyn Fn(Demand<'_>)| {
            let document = Document::parse(json.into()).unwrap();
            check(Demand::read(document.object()).unwrap_or_else(|error| panic!("{json}: {error}")));
        };
        read(r#"{"token":"a.b.c","actor":"ann","note":"stolen"}"#, &|demand| {
            let expected = Demanded::Token("a.b.c");
            assert_eq!((demand.what, demand.reason, demand.actor), (expected, Reason::Administrator, Some("ann")));
        });
        let all = |target| Wanted { reason: Reason::Administrator, ..Wanted::all(target) };
        for (members, wanted) in [
            (
                r#""jti":"j","exp":1000.5"#,
                Wanted { expires_at: Some(Timestamp::from_millis(1_000_500)), ..all(Target::TokenId("j")) },
            ),
            (
                r#""sid":"d","before":1000"#,
                Wanted { issued_until: Some(Timestamp::from_millis(999_999)), ..all(Target::Session("d")) },
            ),
            (
                r#""sub":"s","keep":"d","reason":"account_disabled""#,
                Wanted { keep: Some("d"), reason: Reason::AccountDisabled, ..all(Target::Subject("s")) },
            ),
            (r#""client_id":"c""#, all(Target::Client("c"))),
            (
                r#""kid":"k","before":1000.5"#,
                Wanted { issued_until: Some(Timestamp::from_millis(1_000_999)), ..all(Target::Key("k")) },
            ),
            (r#""claim":"tenant","value":"t""#, all(Target::Claim { name: "tenant", value: "t" })),
            (r#""everything":true"#, all(Target::Everything)),
        ] {
            read(&format!(r#"{{"iss":"a",{members}}}"#), &|demand| {
                assert_eq!(demand.what, Demanded::Named { issuer: "a", wanted }, "{members}");
            });
        }
    }

    #[test]
    fn names_what_is_wrong_and_is_never_wider_than_was_meant() {
        let long = format!(r#"{{"iss":"a","sub":"s","note":"{}"}}"#, "é".repeat(MAX_NOTE + 1));
        assert_eq!(code(&long.replacen('é', "", 1)), "demanded");
        for (json, name) in [
            ("{}", "iss"),
            (r#"{"sub":"s"}"#, "iss"),
            (r#"{"iss":"a"}"#, "everything"),
            (r#"{"iss":"a","everything":false}"#, "everything"),
            (r#"{"iss":"a","sub":null}"#, "sub"),
            (r#"{"iss":"a","sub":"s","sid":"d"}"#, "sub"),
            (r#"{"iss":"a","sub":"s","everything":true}"#, "everything"),
            (r#"{"iss":"a","claim":"tenant"}"#, "value"),
            (r#"{"iss":"a","sub":"s","value":"v"}"#, "value"),
            (r#"{"iss":"a","sub":"s","kepp":"d"}"#, "kepp"),
            (r#"{"iss":"a","sub":"s","exp":1}"#, "exp"),
            (r#"{"iss":"a","sid":"s","keep":"s"}"#, "keep"),
            (r#"{"iss":"a","jti":"j","before":1}"#, "before"),
            (r#"{"iss":"a","sub":"s","before":"2026"}"#, "before"),
            (r#"{"iss":"a","sub":"s","before":-1}"#, "before"),
            (r#"{"iss":"a","sub":"s","reason":"fun"}"#, "reason"),
            (r#"{"token":"a.b.c","sub":"s"}"#, "token"),
            (r#"{"token":1}"#, "token"),
            (long.as_str(), "note"),
        ] {
            let expected = format!("the member `{name}` is missing, unknown, of another kind, or has no place here");
            assert_eq!(code(json), expected, "{json}");
        }
    }

    #[test]
    fn lines_are_numbered_and_too_many_are_refused() {
        let documents = |body: &str| Demand::documents(body.into(), true);
        let lines = documents("{\"a\":1}\r\n\n[]\n{}").unwrap();
        let told: Vec<_> = lines.iter().map(|(line, document)| (*line, document.is_ok())).collect();
        assert_eq!(told, [(Some(1), true), (Some(3), false), (Some(4), true)]);
        assert!(documents(&"{}\n".repeat(MAX_DEMANDS)).is_ok());
        assert!(matches!(documents(&"{}\n".repeat(MAX_DEMANDS + 1)), Err(Problem::Error(Error::BodyTooLarge))));
        assert!(matches!(documents("\n \n"), Err(Problem::BodyNotJson)));
        assert!(matches!(Demand::documents(b"{}".to_vec(), false), Err(Problem::Member(_))));
    }
}
