use futures_util::future::join;
use quash_core::{Revocation, RevocationId, Timestamp};
use worker::kv::KvStore;

use super::{Lookup, StoreError, kv::KvDenylist, nearby};

/// The denylist of mode `eventual`. A revocation is known to its own data centre when it is acknowledged, and elsewhere when
/// Workers KV shows it: after 60 s or more.
pub(crate) struct EventualDenylist {
    kv: KvDenylist,
}

impl EventualDenylist {
    pub(crate) fn new(kv: KvStore) -> Self {
        Self { kv: KvDenylist::new(kv) }
    }

    /// Looks the ids up everywhere at once.
    pub(crate) async fn lookup(&self, ids: &[RevocationId]) -> Lookup {
        let (nearby, mut found) = join(nearby::lookup(ids), self.kv.lookup(ids)).await;
        found.entries.extend(nearby);
        found
    }

    /// Records revocations and comes back when they are durable.
    pub(crate) async fn record(&self, revocations: &[Revocation], now: Timestamp) -> Result<(), StoreError> {
        let (recorded, ()) = join(self.kv.record(revocations, now), nearby::record(revocations, now)).await;
        recorded
    }
}
