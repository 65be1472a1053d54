//! The Admin API: for clients that may administer, and for no page of any site. No cookie is read, and no other origin is allowed
//! anything.

use std::rc::Rc;

use quash_core::{Revocation, Timestamp, json::Document};
use quash_engine::{
    Answer, Error, Form,
    admin::{
        Action, AdminRoute, AuditPage, AuditRecord, Demand, Demanded, IdempotencyKey, Listing, Receipt, Remembered,
        audit_page, demands, explained, explanation, listed, receipts,
    },
    config::{Client, Routes},
    is_of_type,
    ledger::Asked,
};
use worker::{Request, Response};

use crate::{
    body, client,
    guard::{Guard, later, now},
    ledger::Audited,
    request::AsRequest,
    respond,
};

/// Answers an administrator.
pub(crate) async fn answer(guard: &Rc<Guard>, routes: &Routes, request: &mut Request) -> worker::Result<Response> {
    match answered(guard, routes, request).await {
        Ok(answer) => respond::answer(answer),
        Err(error) => respond::problem(&error),
    }
}

async fn answered(guard: &Guard, routes: &Routes, request: &mut Request) -> Result<Answer, Error> {
    // First of all: strangers are told nothing, not even what there is.
    let client = client::authenticate_by_header(guard, &routes.clients, request).await?;
    if !client.may_administer() {
        return Err(Error::ClientForbidden);
    }
    let url = request.inner().url();
    let (path, query) = guard.engine().below_prefix(&url).unwrap_or_default();
    let query = Form::parse(query.as_bytes());
    match AdminRoute::of(path, &request.inner().method())? {
        AdminRoute::Revoke => revoke(guard, routes, client, request).await,
        AdminRoute::List => list(guard, &query).await,
        AdminRoute::Explain => {
            let (media_type, max) = demands(false);
            let document = Demand::document(body::read(request, media_type, max).await?)?;
            guard.explain(explained(&document)?).await.map(|told| explanation(&told))
        }
        AdminRoute::Audit => audit(guard, &query).await,
    }
}

/// Revokes what is demanded, one thing or many.
///
/// Either all of it is durable that is not refused by its own fault, or nothing is acknowledged: whoever asks again completes it. With
/// an idempotency key it is then what was asked for the first time.
async fn revoke(guard: &Guard, routes: &Routes, client: &Client, request: &mut Request) -> Result<Answer, Error> {
    let is_ndjson = request.header("Content-Type").is_some_and(|name| is_of_type(&name, Demand::LINES));
    let (media_type, max) = demands(is_ndjson);
    let body = body::read(request, media_type, max).await?;
    let key = match request.header("Idempotency-Key") {
        Some(header) => Some(IdempotencyKey::read(&header, client.id(), media_type, &body, guard.engine().peppers())?),
        None => None,
    };
    let documents = Demand::documents(body, is_ndjson)?;

    let mut asked_at = now();
    if let Some(key) = &key {
        match remember(guard, key, asked_at, "").await? {
            Remembered::Since(first) => asked_at = first,
            Remembered::Answered(answer) => return Ok(Answer::of_receipts(answer, is_ndjson)),
        }
    }
    let (mut told, mut revocations, mut records) = (Vec::new(), Vec::new(), Vec::new());
    for (line, document) in documents {
        let receipt = match demanded(guard, client, document, asked_at).await {
            Ok(Some((revocation, record))) => {
                revocations.push(revocation);
                records.push(record);
                Receipt::Revoked(revocation)
            }
            Ok(None) => Receipt::Expired,
            // Of many, what is wrong with one is said on its line. An outage is no fault of any.
            Err(error) if line.is_some() && error.internal().is_none() => Receipt::Refused(error),
            Err(error) => return Err(error),
        };
        told.push((line, receipt));
    }
    if !revocations.is_empty() {
        let audited = Audited { records: &records, days: routes.audit_days };
        guard.record_audited(&revocations, Some(&audited), later()).await?;
    }
    let bound = guard.engine().bound(routes.mode);
    let body = receipts(&told, routes.mode, bound, later());
    let body = match &key {
        // Of two at once, both are told what the first one to come here was.
        Some(key) => match remember(guard, key, asked_at, &body).await? {
            Remembered::Answered(answer) => answer,
            Remembered::Since(_) => body,
        },
        None => body,
    };
    Ok(Answer::of_receipts(body, is_ndjson))
}

/// The revocation that a demand comes to, with its record for the audit log; `None` where all of it is dead.
async fn demanded(
    guard: &Guard,
    client: &Client,
    document: Result<Document, Error>,
    asked_at: Timestamp,
) -> Result<Option<(Revocation, String)>, Error> {
    let document = document?;
    let Demand { what, reason, actor, note } = Demand::read(document.object())?;
    let revocation = match what {
        Demanded::Token(text) => guard.verify(text).await?.revocation(reason, later()),
        Demanded::Named { issuer, wanted } => guard.engine().revocation_wanted(issuer, &wanted, asked_at, later())?,
    };
    Ok(revocation.map(|revocation| {
        let (client, id) = (client.id(), revocation.id);
        let record = AuditRecord { client, action: Action::Revoke, id, reason, actor, note };
        (revocation, record.text())
    }))
}

async fn remember(guard: &Guard, key: &IdempotencyKey, asked_at: Timestamp, answer: &str) -> Result<Remembered, Error> {
    IdempotencyKey::remembered(&guard.ledger()?.remember(key.body(asked_at, answer)).await?)
}

/// What is in force: a page of it, or what is kept of one thing.
async fn list(guard: &Guard, query: &Form) -> Result<Answer, Error> {
    let ids = match Listing::read(query)? {
        Listing::Rows(rows) => {
            let (ledger, shard) = (guard.ledger()?, rows.page.shard);
            let shards = ledger.shards().await?;
            // One that there is not would be made.
            if shard >= shards {
                return Err(Error::Parameter("cursor"));
            }
            let told = ledger.page(Asked::List, shard, rows.body(now())).await?;
            return rows.answer(&told, shards);
        }
        Listing::Id(id) => vec![id],
        Listing::Target(issuer, target) => guard.engine().ids_of(issuer, &target)?,
    };
    guard.entries(&ids, now()).await.map(|entries| listed(&entries))
}

/// What administrators did.
async fn audit(guard: &Guard, query: &Form) -> Result<Answer, Error> {
    let asked = AuditPage::read(query)?;
    let ledger = guard.ledger()?;
    let shards = ledger.shards().await?;
    if asked.page.shard >= shards {
        return Err(Error::Parameter("cursor"));
    }
    let told = ledger.page(Asked::Audit, asked.page.shard, asked.body()).await?;
    audit_page(&asked, &told, shards)
}
