use futures_util::future::{join, join3};
use quash_core::{Revocation, RevocationId, Timestamp};
use worker::kv::KvStore;

use super::{Lookup, StoreError, kv::KvDenylist, nearby};
use crate::ledger::LedgerClient;

/// Where revocations are kept. Workers KV has all of them; with a ledger, it is that which counts.
pub(crate) struct Denylist {
    kv: KvDenylist,
    /// The binding of its namespace.
    binding: String,
    ledger: Option<LedgerClient>,
}

impl Denylist {
    pub(crate) const fn new(kv: KvStore, binding: String, ledger: Option<LedgerClient>) -> Self {
        Self { kv: KvDenylist::new(kv), binding, ledger }
    }

    /// Looks the ids up in Workers KV and the data centre's cache. A revocation is found in its own data centre when it is
    /// acknowledged, and elsewhere when Workers KV shows it: after 60 s or more.
    pub(crate) async fn look_up(&self, ids: &[RevocationId]) -> Lookup {
        let (nearby, mut found) = join(nearby::lookup(ids), self.kv.lookup(ids)).await;
        found.entries.extend(nearby);
        found
    }

    /// The ledger, where there is one.
    pub(crate) const fn ledger(&self) -> Option<&LedgerClient> {
        self.ledger.as_ref()
    }

    /// Records revocations and comes back when they are durable where they count. What Workers KV does not take, the ledger
    /// gives to it later, unless there are routes that rely on it.
    pub(crate) async fn record(
        &self,
        revocations: &[Revocation],
        relies_on_kv: bool,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let copies = (self.kv.record(revocations, now), nearby::record(revocations, now));
        let Some(ledger) = &self.ledger else { return join(copies.0, copies.1).await.0 };
        let (appended, copied, ()) = join3(ledger.append(revocations), copies.0, copies.1).await;
        appended?;
        if let Err(error) = copied {
            worker::console_warn!("quash: a revocation is in the ledger, and not yet in Workers KV: {error}");
            ledger.copy_later(&self.binding, revocations).await?;
            if relies_on_kv {
                return Err(error);
            }
        }
        Ok(())
    }
}
