//! What is known of revocations where tokens are judged, and where else to look.

mod edge;
mod store;

use std::{sync::Arc, time::Duration};

use quash_core::{
    Revocation, Timestamp, TokenIds, Verdict,
    follower::{LiveSet, SyncId, WhenStale},
};

use crate::{
    engine::Step,
    error::Error,
    policy::{Mode, Outage, Policy},
};

pub use edge::{EdgeRevocations, LedgerRead};
pub use store::{LogPart, StoreLookUp, StoreRevocations};

/// When to try again where nobody knows better.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What an [`Engine`](crate::Engine) knows of revocations.
///
/// Which wrong answer is dangerous: a token that is let in and was revoked earlier than is promised. One that is looked up without
/// need is merely slow.
pub trait Revocations {
    /// What is looked up of a token where that is kept.
    type LookUp;

    /// All that is known exactly.
    fn live(&self) -> &LiveSet;

    /// How late a revocation may be known at most to whoever goes by what is followed; `None` where nothing is.
    fn max_staleness(&self) -> Option<Duration>;

    /// Takes note of what is revoked here.
    fn record(&mut self, revocations: &[Revocation], now: Timestamp);

    /// What is next with a token that is in force: refused if it is known to be revoked, else what its route wants.
    ///
    /// # Errors
    /// Why it may not pass.
    fn judge(
        &mut self,
        ids: &Arc<TokenIds>,
        policy: &Arc<Policy>,
        mode: Mode,
        arrived: Timestamp,
        now: Timestamp,
    ) -> Result<Step<Self::LookUp>, Error>;

    /// Whether there is a sync that nobody waits for.
    fn is_due(&self) -> bool;

    /// That sync, once.
    fn due(&mut self) -> Option<SyncId>;

    /// Refuses a token that is known to be revoked.
    ///
    /// # Errors
    /// [`Error::Revoked`].
    fn refuse_revoked(&self, ids: &TokenIds, now: Timestamp) -> Result<(), Error> {
        refuse_known(self.live(), ids, now)
    }
}

fn when_stale(policy: &Policy) -> WhenStale {
    match policy.in_outages() {
        Outage::Closed => WhenStale::Closed,
        Outage::LastKnownGood(oldest) => WhenStale::LastKnownGood(oldest),
        Outage::DangerOpen => WhenStale::DangerOpen,
    }
}

fn refuse_known(live: &LiveSet, ids: &TokenIds, now: Timestamp) -> Result<(), Error> {
    if live.is_empty() {
        return Ok(());
    }
    refuse(ids.verdict_by(|id| Some(live.lookup(id)?.cover)), now)
}

/// A revoked token is refused; with how long until a new login is not covered any more, where that is not so at once.
pub(crate) fn refuse(verdict: Verdict, now: Timestamp) -> Result<(), Error> {
    let retry_after = verdict.retry_after(now);
    match verdict {
        Verdict::NotRevoked { .. } => Ok(()),
        Verdict::Revoked { rule, .. } => Err(Error::Revoked { rule, retry_after }),
    }
}
