use std::time::Duration;

use futures_util::future::join;
use quash_core::{Revocation, RevocationId, Timestamp};
use quash_engine::merged;
use worker::{Delay, kv::KvStore};

use super::{Lookup, StoreError, kv::KvDenylist, nearby};
use crate::{ledger::LedgerClient, wait_until::wait_until};

/// How long Workers KV takes no other write for a key.
const KV_PAUSE: Duration = Duration::from_millis(1100);

/// Where revocations are kept. Workers KV has all of them; with a ledger, it is that which counts.
pub(crate) struct Denylist {
    kv: KvDenylist,
    ledger: Option<LedgerClient>,
}

impl Denylist {
    pub(crate) const fn new(kv: KvStore, ledger: Option<LedgerClient>) -> Self {
        Self { kv: KvDenylist::new(kv), ledger }
    }

    /// Looks the ids up in Workers KV and the data centre's cache. A revocation is found in its own data centre when it is
    /// acknowledged, and elsewhere when Workers KV shows it: after 60 s or more. In the cache may also be what Workers KV has not taken.
    pub(crate) async fn look_up(&self, ids: &[RevocationId], in_kv_alone: bool) -> Lookup {
        let nearby = async { if in_kv_alone { Vec::new() } else { nearby::lookup(ids).await } };
        let (nearby, mut found) = join(nearby, self.kv.lookup(ids)).await;
        found.entries.extend(nearby);
        found
    }

    /// The ledger, where there is one.
    pub(crate) const fn ledger(&self) -> Option<&LedgerClient> {
        self.ledger.as_ref()
    }

    /// Records revocations and comes back when they are durable where they count: in the ledger, if there is one. Workers KV is
    /// given them as well, and nobody waits for that unless there are routes that rely on it. The ledger sees to it that KV has
    /// them, should it not take them, or this isolate die.
    pub(crate) async fn record(
        &self,
        revocations: &[Revocation],
        records: &[String],
        relies_on_kv: bool,
        now: Timestamp,
    ) -> Result<Vec<Revocation>, StoreError> {
        let copies = copy(self.kv.clone(), merged(revocations.to_vec()), now);
        let Some(ledger) = &self.ledger else { return copies.await.map(|()| Vec::new()) };
        if relies_on_kv {
            let (appended, copied) = join(ledger.append(revocations, records), copies).await;
            return copied.and(appended);
        }
        copy_later(copies);
        ledger.append(revocations, records).await
    }

    /// Tells Workers KV and the data centre's cache of rows of the ledger's that are lifted, or were and are not any more.
    pub(crate) async fn lifted(
        &self,
        rows: Vec<Revocation>,
        relies_on_kv: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let kv = self.kv.clone();
        let copies = async move {
            let copied = async {
                if kv.copy(&rows, now).await.is_ok() {
                    return Ok(());
                }
                // Workers KV takes one write a second for each key, and may just have taken one.
                Delay::from(KV_PAUSE).await;
                kv.copy(&rows, now).await
            };
            join(copied, nearby::record(&rows, now)).await.0
        };
        if relies_on_kv {
            return copies.await;
        }
        copy_later(copies);
        Ok(())
    }
}

fn copy_later(copies: impl Future<Output = Result<(), StoreError>> + 'static) {
    wait_until(async {
        if let Err(error) = copies.await {
            worker::console_warn!("quash: a revocation is not in Workers KV yet: {error}");
        }
    });
}

/// Writes revocations to Workers KV and the data centre's cache.
async fn copy(kv: KvDenylist, revocations: Vec<Revocation>, now: Timestamp) -> Result<(), StoreError> {
    join(kv.record(&revocations, now), nearby::record(&revocations, now)).await.0
}
