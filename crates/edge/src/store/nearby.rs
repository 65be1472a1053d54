//! What this data centre revoked, in its cache: Workers KV would show it here a minute late, just where the user was.
//!
//! It can only add revocations. A miss says nothing, and an error here is a miss: the durable answer is Workers KV's.

use futures_util::future::join_all;
use quash_core::{Revocation, RevocationId, Timestamp};
use quash_engine::{NEARBY, STORE_TIMEOUT, denylist_key};
use worker::{Cache, Headers, Response, Result};

use crate::within::within;

/// How long a revocation stays in the cache at most, in seconds. Workers KV has it everywhere after about one minute; ten
/// leave room for a slow one.
const MAX_AGE_SECS: u64 = 600;

pub(super) async fn lookup(ids: &[RevocationId]) -> Vec<Revocation> {
    let cache = Cache::default();
    let found = join_all(ids.iter().map(async |id| {
        let mut response = within(STORE_TIMEOUT, cache.get(url(*id), false)).await?.ok()??;
        let entry = response.text().await.ok()?;
        Revocation::from_entry(*id, &entry).ok()
    }));
    found.await.into_iter().flatten().collect()
}

pub(super) async fn record(revocations: &[Revocation], now: Timestamp) {
    let cache = Cache::default();
    join_all(revocations.iter().map(async |revocation| {
        let copied: Result<()> = async {
            let remaining = revocation.expires_at.since(now).as_secs();
            let headers = Headers::new();
            headers.set("Cache-Control", &format!("max-age={}", remaining.min(MAX_AGE_SECS)))?;
            let response = Response::ok(revocation.to_entry())?.with_headers(headers);
            cache.put(url(revocation.id), response).await
        }
        .await;
        // Nothing is lost: the entry is durable in Workers KV, and only later here.
        if let Err(error) = copied {
            worker::console_warn!("quash: a revocation was not copied to the data centre's cache: {error}");
        }
    }))
    .await;
}

fn url(id: RevocationId) -> String {
    format!("{NEARBY}{}", denylist_key(id))
}
