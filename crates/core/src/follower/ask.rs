use core::time::Duration;

use super::{Follower, Source, SyncId, WhenStale};
use crate::Timestamp;

/// How long a request waits for the ledger at most. Then it is told what its route says for that.
const PATIENCE: Duration = Duration::from_secs(3);

/// How soon one that waits for another's sync looks again at first, and at the latest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(250));

/// What a request has to do about its revocation check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Look its ids [up](Follower::lookup), at once, and its [doubts](Follower::doubts), and decide.
    Decide {
        /// What that rests on.
        source: Source,
        /// A sync that is due. The host makes its reads after the request, or besides it.
        refresh: Option<SyncId>,
    },
    /// Make the reads of this sync, then [`ask`](Follower::ask) again.
    Sync(SyncId),
    /// Another request makes them. Look again after this time: it may have been cancelled, so nobody waits for its promise.
    Wait(Duration),
    /// Answer 503.
    Refuse {
        /// When to try again: for `Retry-After`.
        retry_after: Duration,
    },
}

impl Follower {
    /// What a request has to do that arrived at `arrived`. It asks again after each step until it is told to decide or to
    /// refuse; `now` is the time of asking.
    ///
    /// A step that names a sync has begun it. If nobody makes its reads, another is begun a second later.
    pub fn ask(&mut self, arrived: Timestamp, when_stale: WhenStale, now: Timestamp) -> Step {
        self.watch(now);
        if self.is_fresh(now) {
            let is_due = self.age(now).is_none_or(|age| age >= self.due_after) || self.is_to_take_over(now);
            let refresh = if is_due { self.begin(true, now) } else { None };
            return Step::Decide { source: Source::Fresh, refresh };
        }
        let waited = now.since(arrived);
        let has_failed = self.is_in_trouble() && (self.is_syncing(now) || self.retry_at > now);
        // A request that is older than the clock says has waited for long.
        if has_failed || waited >= PATIENCE || now < arrived {
            return self.fall_back(when_stale, now);
        }
        match self.begin(false, now) {
            Some(sync) => Step::Sync(sync),
            None if self.retry_at > now => self.fall_back(when_stale, now),
            None => Step::Wait((waited / 2).clamp(PAUSES.0, PAUSES.1)),
        }
    }

    /// Whether what is known is fresh enough to decide by.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        self.age(now).is_some_and(|age| age <= self.terms.max_staleness)
    }

    fn fall_back(&mut self, when_stale: WhenStale, now: Timestamp) -> Step {
        let source = match (when_stale, self.age(now)) {
            (WhenStale::LastKnownGood(oldest), Some(age)) if age <= oldest => Source::LastKnownGood(age),
            (WhenStale::DangerOpen, _) => Source::None,
            _ => {
                let retry_after = self.retry_at.since(now).max(Duration::from_secs(1));
                return Step::Refuse { retry_after };
            }
        };
        Step::Decide { source, refresh: self.begin(true, now) }
    }
}
