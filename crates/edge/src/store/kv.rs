use std::{collections::HashMap, time::Duration};

use futures_util::future::try_join_all;
use quash_core::{Revocation, RevocationId, Timestamp};
use quash_engine::{STORE_TIMEOUT, denylist_key};
use worker::kv::{KvError, KvStore};

use super::{Lookup, StoreError};
use crate::within::within;

/// How long Workers KV keeps an entry at least: a shorter `expiration` is an error, not a clamp. One second more, because KV
/// compares with its own clock, which may have gone on.
const FLOOR: Duration = Duration::from_secs(60 + 1);

/// The most keys that one bulk read may name.
const MAX_BULK: usize = 100;

/// What is to be written, and why some of it may be there.
type Missing = (Vec<Revocation>, Option<StoreError>);

/// The denylist in a Workers KV namespace: durable; elsewhere a write shows after a minute or more, and a miss is cached like
/// a hit.
#[derive(Clone)]
pub(crate) struct KvDenylist {
    kv: KvStore,
}

impl KvDenylist {
    pub(crate) const fn new(kv: KvStore) -> Self {
        Self { kv }
    }

    /// Every entry under these ids: one operation for a token's handful.
    pub(crate) async fn lookup(&self, ids: &[RevocationId]) -> Lookup {
        let mut found = Lookup::default();
        let read = self.read(ids, &mut found).await;
        found.outage = read.err().or(found.outage);
        found
    }

    async fn read(&self, ids: &[RevocationId], found: &mut Lookup) -> Result<(), StoreError> {
        for ids in ids.chunks(MAX_BULK) {
            let keys: Vec<String> = ids.iter().copied().map(denylist_key).collect();
            let values: HashMap<String, Option<String>> =
                in_time(self.kv.get_bulk(&keys).text()).await.map_err(StoreError::read)?;
            for (id, key) in ids.iter().zip(&keys) {
                if let Some(Some(entry)) = values.get(key) {
                    match Revocation::from_entry(*id, entry) {
                        Ok(entry) => found.entries.push(entry),
                        Err(unreadable) => found.outage = Some(StoreError::read(unreadable)),
                    }
                }
            }
        }
        Ok(())
    }

    /// Writes revocations, merged with what is there, and comes back when all are durable.
    ///
    /// Merging reads first. The read may be a minute late and miss what another place wrote meanwhile: then the later write stays. Of what somebody
    /// ends now it covers all that the earlier one did; an issuer's signal, which is of the time that it tells, and a handle, whose entry ends when its token
    /// would have, may take something back. Where there is a ledger, that sees to it. Repeating a revocation writes nothing: KV takes one
    /// write a second for each key.
    pub(crate) async fn record(&self, revocations: &[Revocation], now: Timestamp) -> Result<(), StoreError> {
        self.put_all(self.compared(revocations, Revocation::renewed).await, now).await
    }

    /// Writes rows of the ledger's, and comes back when all are durable.
    pub(crate) async fn copy(&self, rows: &[Revocation], now: Timestamp) -> Result<(), StoreError> {
        self.put_all(self.missing(rows).await, now).await
    }

    /// What is not there of rows of the ledger's, merged with what is; and why some of it may be after all. Whatever is there of an id
    /// that was lifted gives way: the ledger knows whether that is still so, and here may be what nobody was told is revoked.
    pub(crate) async fn missing(&self, rows: &[Revocation]) -> Missing {
        self.compared(rows, |before, row| if row.cover.lifts() > 0 { row } else { before.renewed(row) }).await
    }

    async fn compared(&self, rows: &[Revocation], merge: fn(Revocation, Revocation) -> Revocation) -> Missing {
        let ids: Vec<RevocationId> = rows.iter().map(|row| row.id).collect();
        let Lookup { entries: existing, outage } = self.lookup(&ids).await;
        let missing = rows.iter().filter_map(|row| {
            let before = existing.iter().find(|entry| entry.id == row.id);
            let merged = before.map_or(*row, |before| merge(*before, *row));
            (before != Some(&merged)).then_some(merged)
        });
        (missing.collect(), outage)
    }

    async fn put_all(&self, (missing, outage): Missing, now: Timestamp) -> Result<(), StoreError> {
        match outage {
            Some(outage) => Err(StoreError::write(outage.cause)),
            None => try_join_all(missing.into_iter().map(|revocation| self.put(revocation, now))).await.map(drop),
        }
    }

    async fn put(&self, revocation: Revocation, now: Timestamp) -> Result<(), StoreError> {
        let expiration = revocation.kept_until(now, FLOOR).as_secs_ceil();
        let put = self.kv.put(&denylist_key(revocation.id), revocation.to_entry()).map_err(StoreError::write)?;
        in_time(put.expiration(expiration).execute()).await.map_err(StoreError::write)
    }
}

async fn in_time<T>(operation: impl Future<Output = Result<T, KvError>>) -> Result<T, String> {
    match within(STORE_TIMEOUT, operation).await {
        Some(done) => done.map_err(|error| error.to_string()),
        None => Err(format!("no answer in {} s", STORE_TIMEOUT.as_secs())),
    }
}
