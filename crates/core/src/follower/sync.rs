use core::time::Duration;

use super::{Follower, position::Next};
use crate::{
    Timestamp,
    ledger::{Delta, Part},
};

/// How long a sync may go on without an answer: then its request may have been cancelled, and another is begun. What the
/// first one hears after all is not lost.
const TIMEOUT: Duration = Duration::from_secs(1);

/// How long nothing is read after the first failure, and after many.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));

/// What a failure, and a sync that was given up, count for. One that is given up may have had its request cancelled; two in
/// a row are taken for an outage.
const FAILED: u32 = 2;
const GIVEN_UP: u32 = 1;

/// Names a sync. Its number is never used twice, so a late answer is known for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncId(u64);

/// Something that a host has to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Read {
    /// The sync that it belongs to.
    pub sync: SyncId,
    /// Of which shard.
    pub shard: u8,
    /// Which part of its log.
    pub part: Part,
    /// The epoch of the log whose page is read. Copies of a page are kept for long, under a name that has it in it.
    pub epoch: Option<u64>,
    /// Whether to ask the ledger, and not the data centre's cache.
    pub direct: bool,
    /// When it was given out. A host that asks the ledger now writes this time down with the copy that it makes of the
    /// answer, for other isolates.
    pub asked_at: Timestamp,
}

/// The sync that is going on.
pub(super) struct Sync {
    id: u64,
    /// When it was begun, or last heard an answer.
    heard_at: Timestamp,
}

/// What the sync that is going on has still to do about a shard.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Work {
    None,
    Read { part: Part, direct: bool },
    Reading,
    Failed,
}

impl Work {
    pub(super) const HEAD: Self = Self::Read { part: Part::Head, direct: false };
}

impl Follower {
    /// What to read for this sync, in any order or all at once. `None` when there is nothing now: each answer may bring more.
    pub fn next_read(&mut self, sync: SyncId, now: Timestamp) -> Option<Read> {
        self.watch(now);
        self.sync.as_ref().filter(|current| current.id == sync.0)?;
        let has_work = |work| matches!(work, Work::Read { .. });
        let index = self.shards.iter().position(|shard| has_work(shard.work))?;
        let shard = &mut self.shards[index];
        let Work::Read { part, direct } = shard.work else { return None };
        shard.work = Work::Reading;
        let epoch = shard.position.epoch();
        Some(Read { sync, shard: index as u8, part, epoch, direct, asked_at: now })
    }

    /// Whether a copy in the data centre's cache will do, of an answer that was asked for at `copied_at` by the clock of whoever
    /// did.
    pub fn is_usable(&self, read: &Read, copied_at: Timestamp, now: Timestamp) -> bool {
        if read.direct || copied_at > now.plus(self.terms.clock_skew) {
            return false;
        }
        if let Part::Page(_) = read.part {
            return true;
        }
        let Some(shard) = self.shards.get(usize::from(read.shard)) else { return false };
        let asked_at = self.at_the_earliest(copied_at, now);
        let (age, bound) = (now.since(asked_at), self.terms.max_staleness);
        // One that soon has to be read again is better than none, while requests wait.
        let is_young = age <= bound / 2 || age <= bound && !self.is_fresh(now);
        is_young && shard.position.synced_at() < Some(asked_at)
    }

    /// What a read brought: the ledger's own answer, or a copy that was asked for at `copied_at`.
    ///
    /// It may come late, or twice. The host goes on with [`next_read`](Self::next_read).
    pub fn answered(&mut self, read: &Read, delta: &Delta<'_>, copied_at: Option<Timestamp>, now: Timestamp) {
        self.watch(now);
        let asked_at = if read.sync.0 < self.trusted {
            // By a clock that was set back since: it counts for nothing, and yet what it says is true.
            Timestamp::from_millis(0)
        } else {
            copied_at.map_or(read.asked_at, |copied_at| self.at_the_earliest(copied_at, now))
        };
        let header = &delta.header;
        let Some(shard) = self.shards.get_mut(usize::from(read.shard)).filter(|_| header.shard == read.shard) else {
            return self.useless(read, copied_at.is_some(), now);
        };
        delta.rows.for_each(|row| self.live.insert(&row, now));
        self.live.sweep(now);
        let next = shard.position.advance(header, asked_at, now);
        if let Some(history) = &header.history {
            self.follow(history.current().get());
        }
        if self.shards.iter().all(|shard| shard.position.synced_at().is_some()) {
            self.root_at = self.shards[0].position.synced_at();
        }
        let work = match next {
            Next::Done => Work::None,
            Next::Read(part) => Work::Read { part, direct: false },
            // The ledger itself told no more: whatever else did is not to be had.
            Next::ReadHead if read.direct => Work::Failed,
            Next::ReadHead => Work::Read { part: Part::Head, direct: true },
            Next::Nothing => return self.useless(read, copied_at.is_some(), now),
        };
        self.go_on(read, work, now);
    }

    /// Nothing came of a read: no answer, or none that can be read.
    pub fn failed(&mut self, read: &Read, now: Timestamp) {
        self.useless(read, false, now);
    }

    /// A copy that is [usable](Self::is_usable) cannot be read. The ledger is asked in its place.
    pub fn copy_failed(&mut self, read: &Read, now: Timestamp) {
        self.useless(read, true, now);
    }

    fn useless(&mut self, read: &Read, is_copy: bool, now: Timestamp) {
        self.watch(now);
        let direct = Work::Read { part: read.part, direct: true };
        self.go_on(read, if is_copy { direct } else { Work::Failed }, now);
    }

    /// Begins a sync, if none is going on and it is not too soon after a failure.
    pub(super) fn begin(&mut self, now: Timestamp) -> Option<SyncId> {
        if self.is_syncing(now) || self.retry_at > now {
            return None;
        }
        if self.sync.is_some() {
            self.trouble = self.trouble.saturating_add(GIVEN_UP);
        }
        let id = self.next_sync;
        self.next_sync += 1;
        self.sync = Some(Sync { id, heard_at: now });
        for shard in &mut self.shards {
            // After a failure, not those again that have just been read.
            let is_old = |at| now.since(at) >= self.terms.max_staleness / 4;
            shard.work = if shard.position.synced_at().is_none_or(is_old) { Work::HEAD } else { Work::None };
        }
        Some(SyncId(id))
    }

    /// Whether one is going on that may yet hear something.
    pub(super) fn is_syncing(&self, now: Timestamp) -> bool {
        self.sync.as_ref().is_some_and(|sync| now.since(sync.heard_at) < TIMEOUT)
    }

    /// Whether the ledger is taken for one that cannot be reached, so that requests do not wait for each other's attempts.
    pub fn is_in_trouble(&self) -> bool {
        self.trouble >= FAILED
    }

    /// Of a read that belongs to the sync that is going on: what is left to do. Ends the sync when that is nothing.
    fn go_on(&mut self, read: &Read, work: Work, now: Timestamp) {
        let Some(sync) = self.sync.as_mut().filter(|sync| sync.id == read.sync.0) else { return };
        sync.heard_at = now;
        // An answer that comes twice has nothing left to say.
        if let Some(shard) = self.shards.get_mut(usize::from(read.shard)).filter(|shard| shard.work == Work::Reading) {
            shard.work = work;
        }
        if self.shards.iter().any(|shard| matches!(shard.work, Work::Read { .. } | Work::Reading)) {
            return;
        }
        self.sync = None;
        if self.shards.iter().any(|shard| shard.work == Work::Failed) {
            self.trouble = self.trouble.saturating_add(FAILED);
            let doublings = (self.trouble / FAILED - 1).min(4);
            self.retry_at = now.plus((BACKOFF.0 * (1 << doublings)).min(BACKOFF.1));
        } else {
            self.trouble = 0;
            self.draw();
        }
    }

    /// By our clock, the earliest time that another one can have meant.
    fn at_the_earliest(&self, copied_at: Timestamp, now: Timestamp) -> Timestamp {
        let skew = self.terms.clock_skew.as_millis() as u64;
        Timestamp::from_millis(copied_at.min(now).as_millis().saturating_sub(skew))
    }
}
