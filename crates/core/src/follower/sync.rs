use core::time::Duration;

use super::{Follower, Shard, generations::OWN, position::Next};
use crate::{
    Timestamp,
    ledger::{Delta, Header, Part, ShardHistory},
};

/// How long a sync may go on without an answer: then its request may have been cancelled, and another is begun. What the
/// first one hears after all is not lost.
const TIMEOUT: Duration = Duration::from_secs(1);

/// The same of one that reads segments: several of them share the way.
const LOAD_TIMEOUT: Duration = Duration::from_secs(3);

/// How long nothing is read after the first failure, and after many.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(4));

/// What a failure, and a sync that was given up, count for. One that is given up may have had its request cancelled; two in
/// a row are taken for an outage.
const FAILED: u32 = 2;
const GIVEN_UP: u32 = 1;

/// Names a sync. Its number is never used twice, so a late answer is known for what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncId(pub(super) u64);

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
    Read {
        part: Part,
        direct: bool,
    },
    Reading,
    /// Segments are read, and nothing counts before they are there.
    Loading,
    Failed,
}

impl Work {
    pub(super) const HEAD: Self = Self::Read { part: Part::Head, direct: false };
}

impl Follower {
    /// What to read for this sync, in any order or all at once. `None` when there is nothing now: each answer may bring more.
    ///
    /// Of the last one that was begun, also when nobody waits for it any more: then segments that take the place of what is known.
    pub fn next_read(&mut self, sync: SyncId, now: Timestamp) -> Option<Read> {
        self.watch(now);
        if sync.0 + 1 != self.next_sync || sync.0 < self.trusted {
            return None;
        }
        let has_work = |shard: &Shard| matches!(shard.work, Work::Read { .. });
        let Some(index) = self.shards.iter().position(has_work).filter(|_| self.sync.is_some()) else {
            return self.next_segment(sync, now);
        };
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
        if read.part != Part::Head {
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
        let (was_read, resets) = (shard.position.epoch().is_some(), shard.position.resets());
        let next = shard.position.advance(header, asked_at, now);
        if was_read && shard.position.resets() != resets {
            // Numbers mean something else from now on. Segments would be of another log, and of what was read nothing is in them.
            (shard.load, shard.takes_over) = (None, None);
            self.live.stay();
        }
        // Numbers of another epoch say nothing.
        let is_of_the_log = shard.position.epoch() == Some(header.epoch);
        if let Some(history) = &header.history {
            self.learn(history);
        }
        self.insert(delta, is_of_the_log, now);
        let at = usize::from(read.shard);
        match (next, header.edition) {
            (Next::Load(edition), _) => self.load(at, edition),
            (Next::Done, Some(edition)) => self.learn_edition(at, edition, now),
            _ => {}
        }
        self.date();
        match work_after(next, read.direct) {
            Some(work) => self.go_on(read, work, now),
            None => self.useless(read, copied_at.is_some(), now),
        }
    }

    /// Takes note of as of when everything is known.
    pub(super) fn date(&mut self) {
        if self.shards.iter().all(|shard| shard.position.synced_at().is_some()) {
            self.root_at = self.shards[0].position.synced_at();
        }
    }

    fn insert(&mut self, delta: &Delta<'_>, is_of_the_log: bool, now: Timestamp) {
        let Header { shard, span, .. } = delta.header;
        if is_of_the_log {
            self.generations.read(shard, span.to, || self.live.len());
        }
        for row in delta.rows {
            let is_where_it_belongs = is_of_the_log && self.shards_of(&row.id).any(|expected| expected == shard);
            let generation = if is_where_it_belongs { self.generations.current() } else { OWN };
            self.live.insert_row(&row, generation, now);
        }
        self.live.sweep(now);
    }

    /// Takes note of how many shards there are and were.
    fn learn(&mut self, history: &ShardHistory) {
        self.follow(history.current().get());
        // A copy may be older than what is known.
        let is_pinned = self.history.is_pinned();
        if history.as_slice().len() >= self.history.as_slice().len() {
            self.history = history.clone();
        }
        if is_pinned {
            self.history = self.history.clone().pinned();
        }
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
        if let Part::Segment { .. } = read.part {
            return self.useless_segment(read, is_copy, now);
        }
        let direct = Work::Read { part: read.part, direct: true };
        self.go_on(read, if is_copy { direct } else { Work::Failed }, now);
    }

    /// Begins a sync, if none is going on and it is not too soon after a failure; one that nobody waits for, or one that
    /// somebody does.
    pub(super) fn begin(&mut self, is_unawaited: bool, now: Timestamp) -> Option<SyncId> {
        if self.is_syncing(now) || self.retry_at > now {
            return None;
        }
        if self.sync.is_some() {
            self.trouble = self.trouble.saturating_add(GIVEN_UP);
        }
        let id = self.next_sync;
        self.next_sync += 1;
        self.sync = Some(Sync { id, heard_at: now });
        self.may_take_over = is_unawaited;
        for shard in &mut self.shards {
            // After a failure, not those again that have just been read.
            let is_old = |at| now.since(at) >= self.terms.max_staleness / 4;
            let head = Work::Read { part: Part::Head, direct: core::mem::take(&mut shard.wants_head) };
            shard.work = if shard.position.synced_at().is_none_or(is_old) { head } else { Work::None };
            if let Some(load) = &mut shard.load {
                load.ask_again();
            }
        }
        if is_unawaited {
            self.take_over(now);
        }
        if self.shards.iter().all(|shard| shard.work == Work::None) {
            // All has just been read: there is nothing to wait for.
            self.sync = None;
        }
        Some(SyncId(id))
    }

    /// Whether one is going on that may yet hear something.
    pub(super) fn is_syncing(&self, now: Timestamp) -> bool {
        let is_loading = self.shards.iter().any(|shard| shard.work == Work::Loading);
        let timeout = if is_loading { LOAD_TIMEOUT } else { TIMEOUT };
        self.sync.as_ref().is_some_and(|sync| now.since(sync.heard_at) < timeout)
    }

    /// Whether the ledger is taken for one that cannot be reached, so that requests do not wait for each other's attempts.
    pub fn is_in_trouble(&self) -> bool {
        self.trouble >= FAILED
    }

    /// Of a read that belongs to the sync that is going on: what is left to do.
    fn go_on(&mut self, read: &Read, work: Work, now: Timestamp) {
        if self.sync.as_ref().is_none_or(|sync| sync.id != read.sync.0) {
            return;
        }
        // An answer that comes twice has nothing left to say.
        if let Some(shard) = self.shards.get_mut(usize::from(read.shard)).filter(|shard| shard.work == Work::Reading) {
            shard.work = work;
        }
        self.heard(now);
    }

    /// An answer came for the sync that is going on. Ends it when nothing is left to do.
    pub(super) fn heard(&mut self, now: Timestamp) {
        let Some(sync) = &mut self.sync else { return };
        sync.heard_at = now;
        let is_open = |shard: &Shard| matches!(shard.work, Work::Read { .. } | Work::Reading | Work::Loading);
        if self.shards.iter().any(is_open) {
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

/// What a shard has to do next; `None` when nothing came of a read.
pub(super) fn work_after(next: Next, direct: bool) -> Option<Work> {
    Some(match next {
        Next::Done => Work::None,
        Next::Read(part) => Work::Read { part, direct: false },
        Next::Load(_) => Work::Loading,
        // The ledger itself told no more: whatever else did is not to be had.
        Next::ReadHead if direct => Work::Failed,
        Next::ReadHead => Work::Read { part: Part::Head, direct: true },
        Next::Nothing => return None,
    })
}
