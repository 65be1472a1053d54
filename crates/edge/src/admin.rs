//! The Admin API: for clients that may administer, and for no page of any site. No cookie is read, and no other origin is allowed
//! anything.

use std::rc::Rc;

use quash_core::{Revocation, RevocationId, Timestamp, VerifiedToken};
use quash_engine::{
    Answer, Error, Form, StatusMark,
    admin::{
        Action, AdminRoute, AuditPage, AuditRecord, Demand, Demanded, IdempotencyKey, Line, Listing, Problem, Receipt,
        Remembered, audit_page, demands, explained, explanation, lifted, lifting, listed, receipts,
    },
    config::{Client, Routes},
    is_of_type,
    ledger::Asked,
};
use worker::{Request, Response};

use crate::{
    body, client,
    guard::{Guard, later, now},
    ledger::Lifted,
    request::AsRequest,
    respond,
};

/// Answers an administrator.
pub(crate) async fn answer(guard: &Rc<Guard>, routes: &Routes, request: &mut Request) -> worker::Result<Response> {
    match answered(guard, routes, request).await {
        Ok(answer) => respond::answer(answer),
        Err(problem) => respond::problem(&problem),
    }
}

async fn answered(guard: &Rc<Guard>, routes: &Routes, request: &mut Request) -> Result<Answer, Problem> {
    // First of all: strangers are told nothing, not even what there is.
    let client = client::authenticate_by_header(guard, &routes.clients, request).await?;
    if !client.may_administer() {
        return Err(Error::ClientForbidden.into());
    }
    let url = request.inner().url();
    let (route, query) = route(guard, &url, &request.inner().method())?;
    match route {
        AdminRoute::List => list(guard, &query).await,
        AdminRoute::Audit => audit(guard, &query).await,
        AdminRoute::Lift(id) => lift(guard, routes, client, id, &query).await,
        AdminRoute::Revoke | AdminRoute::Explain => {
            let content_type = request.header("Content-Type").unwrap_or_default();
            let is_ndjson = route == AdminRoute::Revoke && is_of_type(&content_type, Demand::LINES);
            let (media_type, max) = demands(is_ndjson);
            let body = body::read(request, media_type, max).await?;
            if route == AdminRoute::Explain {
                let document = Demand::document(body)?;
                return Ok(explanation(&guard.explain(explained(&document)?).await?));
            }
            let key = key(guard, client, request.header("Idempotency-Key"), media_type, &body)?;
            revoke(guard, routes, client, Demand::documents(body, is_ndjson)?, key).await
        }
    }
}

fn route(guard: &Guard, url: &str, method: &str) -> Result<(AdminRoute, Form), Problem> {
    let engine = guard.engine();
    let (path, query) = engine.below_prefix(url).unwrap_or_default();
    Ok((AdminRoute::of(path, method)?, Form::parse(query.as_bytes())))
}

fn key(
    guard: &Guard,
    client: &Client,
    header: Option<String>,
    media_type: &str,
    body: &[u8],
) -> Result<Option<IdempotencyKey>, Error> {
    let read = |header: String| IdempotencyKey::read(&header, client.id(), media_type, body, guard.engine().peppers());
    header.map(read).transpose()
}

/// Revokes what the Worker's own code demands, in the form of an administrator's demand. Tells the receipt, and what this isolate refuses from now on:
/// where nothing was acknowledged in an outage, too.
pub(crate) async fn revoke_by_code(guard: &Rc<Guard>, routes: &Routes, demand: &str) -> (String, Vec<Revocation>) {
    let (mut rows, mut told) = (Vec::new(), Vec::new());
    let revoked = async {
        let lines = Demand::documents(demand.into(), false)?;
        let demanded = Demanding::of(guard, routes, None, &lines, now()).await?;
        rows = demanded.rows;
        if !rows.is_empty() {
            let lifted = guard.record_marked(&rows, &[], &demanded.marks, later()).await?;
            rows.extend(lifted);
        }
        told = demanded.told;
        Ok(())
    };
    if let Err(problem) = revoked.await {
        respond::log_problem(&problem);
        told = vec![(None, Receipt::Refused(problem))];
    }
    let bound = guard.engine().bound(routes.mode);
    (receipts(&told, routes.mode, bound, later()), rows)
}

/// Revokes what is demanded, one thing or many.
///
/// Either all of it is durable that is not refused by its own fault, or nothing is acknowledged: whoever asks again completes it. With
/// an idempotency key it is then what was asked for the first time.
async fn revoke(
    guard: &Rc<Guard>,
    routes: &Routes,
    client: &Client,
    lines: Vec<Line>,
    key: Option<IdempotencyKey>,
) -> Result<Answer, Problem> {
    let is_ndjson = lines.iter().all(|(line, _)| line.is_some());
    // First, since what is refused as a whole uses no key up.
    let mut demanded = Demanding::of(guard, routes, Some(client), &lines, now()).await?;
    if let Some(key) = &key {
        match remember(guard, key.body(demanded.asked_at, "")).await? {
            Remembered::Since(first) if first == demanded.asked_at => {}
            Remembered::Since(first) => demanded = Demanding::of(guard, routes, Some(client), &lines, first).await?,
            Remembered::Answered(answer) => return Ok(Answer::of_receipts(answer, is_ndjson)),
        }
    }
    if !demanded.rows.is_empty() {
        guard.record_marked(&demanded.rows, &demanded.records, &demanded.marks, later()).await?;
    }
    let bound = guard.engine().bound(routes.mode);
    let mut answer = receipts(&demanded.told, routes.mode, bound, later());
    if let Some(key) = &key
        && let Remembered::Answered(first) = remember(guard, key.body(demanded.asked_at, &answer)).await?
    {
        // Of two at once, both are told what the first one to come here was.
        answer = first;
    }
    Ok(Answer::of_receipts(answer, is_ndjson))
}

/// Demands, while they are looked at.
struct Demanding<'c> {
    /// Whose they are; nobody's where the Worker's own code demands.
    client: Option<&'c Client>,
    /// The first time.
    asked_at: Timestamp,
    told: Vec<(Option<usize>, Receipt)>,
    rows: Vec<Revocation>,
    /// Of each row of a client's, for the audit log.
    records: Vec<String>,
    /// Where lists are to say so.
    marks: Vec<StatusMark>,
}

impl<'c> Demanding<'c> {
    /// What these lines come to, as of then.
    async fn of(
        guard: &Rc<Guard>,
        routes: &Routes,
        client: Option<&'c Client>,
        lines: &[Line],
        asked_at: Timestamp,
    ) -> Result<Self, Problem> {
        let (told, rows, records, marks) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut demanded = Self { client, asked_at, told, rows, records, marks };
        for (line, document) in lines {
            let token = match document.as_ref().ok().and_then(|document| Demand::token(document.object())) {
                Some(text) => Some(guard.verify(text).await),
                None => None,
            };
            let receipt = match document {
                Ok(document) => demanded.receipt(guard, routes, Demand::read(document.object()), token),
                Err(_) => Err(Problem::BodyNotJson),
            };
            demanded.note(*line, receipt)?;
        }
        Ok(demanded)
    }

    /// What a demand comes to; `token` is what became of the one that it has, if it has one.
    fn receipt(
        &mut self,
        guard: &Guard,
        routes: &Routes,
        demand: Result<Demand<'_>, Problem>,
        token: Option<Result<VerifiedToken, Error>>,
    ) -> Result<Receipt, Problem> {
        let Demand { what, reason, actor, note } = demand?;
        // They are for the audit log, which is of clients.
        if let (None, Some(_)) = (self.client, actor.or(note)) {
            return Err(Problem::Member(if actor.is_some() { "actor" } else { "note" }.into()));
        }
        let revocation = match (what, token) {
            (Demanded::Named { issuer, wanted }, _) => {
                guard.engine().revocation_wanted(issuer, &wanted, self.asked_at, later())?
            }
            (Demanded::Token(_), Some(token)) => {
                let token = token?;
                let revocation = token.revocation(reason, later());
                let mark = routes.status_mark(&token.issuer().name, token.claims().members(), revocation.as_slice());
                self.marks.extend(mark.filter(|_| revocation.is_some()));
                revocation
            }
            (Demanded::Token(_), None) => None,
        };
        let Some(revocation) = revocation else { return Ok(Receipt::Expired) };
        guard.refuse_sparing(&[revocation])?;
        self.rows.push(revocation);
        if let Some(client) = self.client {
            let (client, action, id) = (client.id(), Action::Revoke, revocation.id);
            self.records.push(AuditRecord { client, action, id, reason: Some(reason), actor, note }.text());
        }
        Ok(Receipt::Revoked(revocation))
    }

    /// Of many, what is wrong with one is said on its line. An outage is no fault of any.
    fn note(&mut self, line: Option<usize>, receipt: Result<Receipt, Problem>) -> Result<(), Problem> {
        let receipt = match receipt {
            Err(problem) if line.is_some() && problem.internal().is_none() => Receipt::Refused(problem),
            receipt => receipt?,
        };
        self.told.push((line, receipt));
        Ok(())
    }
}

async fn remember(guard: &Guard, body: String) -> Result<Remembered, Problem> {
    let told = guard.ledger()?.remember(body).await.map_err(Error::from)?;
    IdempotencyKey::remembered(&told)
}

/// What is in force: a page of it, or what is kept of one thing.
async fn list(guard: &Guard, query: &Form) -> Result<Answer, Problem> {
    let ids = match Listing::read(query)? {
        Listing::Rows(rows) => {
            let (told, shards) = page(guard, Asked::List, rows.page.shard, rows.body(now())).await?;
            return Ok(rows.answer(&told, shards)?);
        }
        Listing::Id(id) => vec![id],
        Listing::Target(issuer, target) => guard.engine().ids_of(issuer, &target)?,
    };
    Ok(listed(&guard.entries(&ids, now()).await?))
}

/// Lifts what was revoked by mistake.
async fn lift(
    guard: &Guard,
    routes: &Routes,
    client: &Client,
    id: RevocationId,
    query: &Form,
) -> Result<Answer, Problem> {
    let (actor, note) = lifting(query)?;
    let record = AuditRecord { client: client.id(), action: Action::Lift, id, reason: None, actor, note }.text();
    match guard.lift(id, &record, now()).await? {
        Lifted::Done(row) => Ok(lifted(&row, routes.mode, guard.engine().bound(routes.mode), later())),
        Lifted::Unknown => Err(Problem::RevocationUnknown),
        Lifted::Changed => Err(Problem::RevocationChanged),
    }
}

/// What administrators did.
async fn audit(guard: &Guard, query: &Form) -> Result<Answer, Problem> {
    let asked = AuditPage::read(query)?;
    let (told, shards) = page(guard, Asked::Audit, asked.page.shard, asked.body()).await?;
    Ok(audit_page(&asked, &told, shards)?)
}

async fn page(guard: &Guard, asked: Asked, shard: u8, body: String) -> Result<(String, u8), Problem> {
    let told = guard.ledger()?.page(asked, shard, body).await.map_err(Error::from)?;
    told.ok_or_else(|| Error::Parameter("cursor").into())
}
