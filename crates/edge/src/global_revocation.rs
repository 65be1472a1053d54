//! Requests to log somebody out everywhere (draft-parecki-oauth-global-token-revocation), from an issuer or one of our clients.

use std::rc::Rc;

use quash_core::{
    Reason, Refusal, Revocation, Timestamp, VerifiedToken,
    json::{Document, Object, Value},
};
use quash_engine::{
    Engine, Error, Form, bearer_token,
    config::{Routes, Signals},
};
use worker::Response;

use crate::{client, guard::Guard, respond};

/// Section 3.1: JSON, as long as a subject identifier (RFC 9493) with a few aliases.
pub(crate) const BODY: (&str, usize) = ("application/json", 4096);

/// Who asks.
pub(crate) struct Caller<'r> {
    /// Those whose subjects they may log out.
    issuers: Vec<&'r Signals>,
    reason: Reason,
}

/// The credential of an issuer; a client has none, and a secret.
pub(crate) fn token(authorization: Option<&str>) -> Option<String> {
    authorization.and_then(bearer_token).map(String::from)
}

/// Who asks. Nobody else is told anything about the rest.
pub(crate) async fn caller<'r>(
    guard: &Rc<Guard>,
    token: Option<VerifiedToken>,
    routes: &'r Routes,
    authorization: Option<&str>,
    now: Timestamp,
) -> Result<Caller<'r>, Error> {
    if let Some(token) = token {
        let signals = routes.signals_of(token.claims().issuer());
        let audiences = signals.into_iter().flat_map(|signals| &signals.revocation_audiences).map(String::as_str);
        token.check_revocation_caller(&audiences.collect::<Vec<_>>(), now)?;
        return Ok(Caller { issuers: Vec::from_iter(signals), reason: Reason::Issuer });
    }
    let client = client::authenticate(guard, &routes.clients, authorization, &Form::parse(b"")).await?;
    let may_ask = |signals: &&Signals| signals.revocation_clients.iter().any(|id| id == client.id());
    let issuers: Vec<_> = routes.signals.iter().filter(may_ask).collect();
    if issuers.is_empty() { Err(Error::CallerNotAllowed) } else { Ok(Caller { issuers, reason: Reason::Client }) }
}

/// All that the subject has until now.
pub(crate) fn revocations(
    caller: &Caller<'_>,
    body: Vec<u8>,
    engine: &Engine,
    now: Timestamp,
) -> Result<Vec<Revocation>, Error> {
    let body = Document::parse(body).map_err(|_| Error::Parameter("sub_id"))?;
    // Until its third version the draft called it `subject`.
    let subject = body.object().get("sub_id").or_else(|| body.object().get("subject"));
    let subject = subject.and_then(Value::as_object).ok_or(Error::Parameter("sub_id"))?;
    // What is opaque is so to everybody but its issuer, and must not be taken for the same text of another one.
    if caller.issuers.len() > 1 && has_opaque(subject) {
        return Err(Refusal::SubjectUnsupported.into());
    }
    let mut revocations = Vec::new();
    for issuer in &caller.issuers {
        revocations.extend(engine.revocations_of(issuer.issuer(), subject, caller.reason, now).unwrap_or_default());
    }
    match revocations.is_empty() {
        false => Ok(revocations),
        true if is_of_another(subject) => Err(Error::SubjectUnknown),
        true => Err(Refusal::SubjectUnsupported.into()),
    }
}

/// Whether somebody in it is named by an opaque identifier, however deep.
fn has_opaque(subject: Object<'_>) -> bool {
    subject.members().any(|(name, value)| match value {
        Value::String(format) => name == "format" && format == "opaque",
        Value::Object(member) => has_opaque(member),
        Value::Array(aliases) => aliases.items().filter_map(Value::as_object).any(has_opaque),
        _ => false,
    })
}

/// Whether an issuer is named, whose subject it is: not one that the caller may speak for, since nothing was found.
fn is_of_another(subject: Object<'_>) -> bool {
    let is_text = |name| matches!(subject.get(name), Some(Value::String(_)));
    subject.get("format") == Some(Value::String("iss_sub")) && is_text("iss") && is_text("sub")
}

/// Section 3.4.
pub(crate) fn refusal(error: &Error) -> worker::Result<Response> {
    match error {
        // What the body says, and not the caller's token.
        Error::Refused(Refusal::SubjectUnsupported) => respond::bad_request(error),
        _ => respond::refusal(error),
    }
}
