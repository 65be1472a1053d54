use futures_util::future::join;
use quash_core::{Revocation, RevocationId, Timestamp};
use worker::kv::KvStore;

use super::{StoreError, kv::KvDenylist, nearby};

/// The denylist of mode `eventual`. A revocation is known to its own data centre when it is acknowledged, and elsewhere when
/// Workers KV shows it: after 60 s or more.
pub(crate) struct EventualDenylist {
    kv: KvDenylist,
}

/// What is known under some ids.
pub(crate) struct Lookup {
    /// The entries found. There may be several for one id; each is right.
    pub(crate) entries: Vec<Revocation>,
    /// Why there may be others that were not found: no entry then means nothing.
    pub(crate) outage: Option<StoreError>,
}

impl EventualDenylist {
    pub(crate) fn new(kv: KvStore) -> Self {
        Self { kv: KvDenylist::new(kv) }
    }

    /// Looks the ids up everywhere at once.
    pub(crate) async fn lookup(&self, ids: &[RevocationId]) -> Lookup {
        let (nearby, stored) = join(nearby::lookup(ids), self.kv.lookup(ids)).await;
        let (mut entries, outage) = match stored {
            Ok(entries) => (entries, None),
            Err(outage) => (Vec::new(), Some(outage)),
        };
        entries.extend(nearby);
        Lookup { entries, outage }
    }

    /// Records revocations and comes back when they are durable.
    pub(crate) async fn record(&self, revocations: &[Revocation], now: Timestamp) -> Result<(), StoreError> {
        let (recorded, ()) = join(self.kv.record(revocations, now), nearby::record(revocations, now)).await;
        recorded
    }
}
