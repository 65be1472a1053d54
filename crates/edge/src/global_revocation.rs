//! Requests to log somebody out everywhere (draft-parecki-oauth-global-token-revocation), from an issuer or one of our clients.

use quash_core::{
    Reason, Refusal,
    json::{Document, Object, Value},
};
use quash_engine::{
    Error, bearer_token,
    config::{Routes, Signals},
};
use worker::{Request, Response};

use crate::{
    body, client,
    form::Form,
    guard::{Guard, now},
    request::{AsRequest, post_only},
    respond,
};

/// The longest body that is read: a subject identifier (RFC 9493) with a few aliases.
const MAX_BYTES: usize = 4096;

/// Revokes all tokens that a subject has until now, and answers when that is durable.
pub(crate) async fn answer(guard: &Guard, routes: &Routes, request: &mut Request) -> worker::Result<Response> {
    match revoke(guard, routes, request).await {
        Ok(()) => respond::empty(204),
        // What the body says, and not the caller's token.
        Err(error @ Error::Refused(Refusal::SubjectUnsupported)) => respond::bad_request(&error),
        Err(error) => respond::refusal(&error),
    }
}

async fn revoke(guard: &Guard, routes: &Routes, request: &mut Request) -> Result<(), Error> {
    post_only(request)?;
    // 1. Who asks, and whose subjects they may log out. Nobody else is told anything about the rest.
    let now = now();
    let authorization = request.header("Authorization");
    let (issuers, reason) = match authorization.as_deref().and_then(bearer_token) {
        Some(token) => {
            let token = guard.verify(token).await?;
            let signals = routes.signals_of(token.claims().issuer());
            let audiences = signals.into_iter().flat_map(|signals| &signals.revocation_audiences).map(String::as_str);
            token.check_revocation_caller(&audiences.collect::<Vec<_>>(), now)?;
            (Vec::from_iter(signals), Reason::Issuer)
        }
        None => {
            let client = client::authenticate(&routes.clients, authorization.as_deref(), &Form::parse(b""))?;
            let may_ask = |signals: &&Signals| signals.revocation_clients.iter().any(|id| id == client.id());
            (routes.signals.iter().filter(may_ask).collect(), Reason::Client)
        }
    };
    if issuers.is_empty() {
        return Err(Error::CallerNotAllowed);
    }
    // 2. About whom.
    let body = body::read(request, "application/json", MAX_BYTES).await?;
    let body = Document::parse(body).map_err(|_| Error::Parameter("sub_id"))?;
    // Until its third version the draft called it `subject`.
    let subject = body.object().get("sub_id").or_else(|| body.object().get("subject"));
    let subject = subject.and_then(Value::as_object).ok_or(Error::Parameter("sub_id"))?;
    // What is opaque is so to everybody but its issuer, and must not be taken for the same text of another one.
    if subject.get("format") == Some(Value::String("opaque")) && issuers.len() > 1 {
        return Err(Refusal::SubjectUnsupported.into());
    }
    // 3. All that they have until now.
    let mut revocations = Vec::new();
    for issuer in issuers {
        revocations.extend(guard.engine().revocations_of(issuer.issuer(), subject, reason, now).unwrap_or_default());
    }
    if revocations.is_empty() {
        return Err(if is_of_another(subject) { Error::SubjectUnknown } else { Refusal::SubjectUnsupported.into() });
    }
    guard.record(&revocations, now).await
}

/// Whether an issuer is named, whose subject it is: not one that the caller may speak for, since nothing was found.
fn is_of_another(subject: Object<'_>) -> bool {
    let is_text = |name| matches!(subject.get(name), Some(Value::String(_)));
    subject.get("format") == Some(Value::String("iss_sub")) && is_text("iss") && is_text("sub")
}
