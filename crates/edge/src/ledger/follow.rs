//! Reads the ledger's log, as the engine says, through the data centre's cache.

use std::{cell::RefCell, time::Duration};

use futures_util::future::join_all;
use quash_core::{Timestamp, follower::SyncId};
use quash_engine::{Engine, LedgerRead};
use worker::{Cache, Headers, Response};

use super::LedgerClient;
use crate::{guard::later, wait_until::wait_until, within::within};

/// When a copy was asked for, in milliseconds since the epoch, by the clock of whoever did.
const ASKED_AT: &str = "Quash-Asked-At";

/// How long the data centre's cache may take. It answers in a few milliseconds, or the ledger is asked.
const CACHE_TIMEOUT: Duration = Duration::from_millis(250);

/// Makes the reads of a sync, and those that they lead to.
pub(crate) async fn follow(engine: &RefCell<Engine>, ledger: &LedgerClient, sync: SyncId) {
    loop {
        // Alone, or the engine would be held while they are made.
        let reads: Vec<LedgerRead> = std::iter::from_fn(|| engine.borrow_mut().next_read(sync, later())).collect();
        if reads.is_empty() {
            return;
        }
        join_all(reads.iter().map(|read| read_part(engine, ledger, read))).await;
    }
}

async fn read_part(engine: &RefCell<Engine>, ledger: &LedgerClient, read: &LedgerRead) {
    if !read.is_direct()
        && let Some((copy, asked_at)) = within(CACHE_TIMEOUT, copied(ledger, read)).await.flatten()
        && engine.borrow_mut().is_usable(read, asked_at, later())
    {
        return engine.borrow_mut().read(read, Ok(&copy), Some(asked_at), later());
    }
    let late = || Err(format!("no answer in {} s", read.timeout.as_secs()));
    let answer = within(read.timeout, ledger.part(&read.object, &read.url)).await.unwrap_or_else(late);
    match answer {
        Ok(body) => {
            engine.borrow_mut().read(read, Ok(&body), None, later());
            keep(ledger, read, body);
        }
        Err(problem) => {
            worker::console_warn!("quash: {}: {problem}", read.url);
            engine.borrow_mut().read(read, Err(problem), None, later());
        }
    }
}

async fn copied(ledger: &LedgerClient, read: &LedgerRead) -> Option<(Vec<u8>, Timestamp)> {
    let mut response = Cache::default().get(ledger.copy(read), false).await.ok()??;
    let asked_at = response.headers().get(ASKED_AT).ok()??.parse().ok()?;
    Some((response.bytes().await.ok()?, Timestamp::from_millis(asked_at)))
}

/// Copies an answer for other isolates, after the request that is being answered.
fn keep(ledger: &LedgerClient, read: &LedgerRead, body: Vec<u8>) {
    let (copy, asked_at, kept_for) = (ledger.copy(read), read.asked_at(), read.kept_for);
    wait_until(async move {
        let kept = async {
            let headers = Headers::new();
            headers.set("Cache-Control", &format!("max-age={}", kept_for.as_secs()))?;
            headers.set(ASKED_AT, &asked_at.as_millis().to_string())?;
            Cache::default().put(copy, Response::from_bytes(body)?.with_headers(headers)).await
        };
        if let Err(error) = kept.await {
            worker::console_warn!("quash: the ledger was not copied to the data centre's cache: {error}");
        }
    });
}
