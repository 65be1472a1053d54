//! The follower: what one isolate knows of the [ledger](crate::ledger), and whether that is fresh enough to decide by.
//!
//! In scope: the [live set](LiveSet), how far each shard's log has been read, what must be read next, which copy in the data
//! centre's cache is good enough, when a request has to wait, and what happens when nothing fresh enough can be had. Out of
//! scope: to read anything, and to know the time. A host does what a [`Step`] says and what a [`Read`] asks for, and tells
//! how it went.
//!
//! # Why no revocation is seen later than `max_staleness`
//!
//! 1. A revocation is acknowledged at A. It was durable in its shard's log at D ≤ A.
//! 2. A request is decided at t from what each shard's log had at s or later, and t ≤ s + M (`max_staleness`).
//! 3. If s ≥ D, the answer had the revocation in it: then the request is decided with it.
//! 4. If s < D, then t ≤ s + M < D + M ≤ A + M.
//!
//! What s is: the time at which whoever asked the ledger began to; of a copy that another isolate made, the time that this
//! one wrote down by its own clock, less [`clock_skew`](Terms::clock_skew). A shard counts as read when everything has been
//! read up to the highest head that any answer told, not before. And all shards count: one that the root tells of for the
//! first time is read before that answer of the root counts.
//!
//! # What is known by segments
//!
//! Where a shard has published an [edition](crate::ledger::Edition) of segments, one that is new reads that in place of the log up
//! to its number, and one that is in step takes it over at some time, to make room. Either way, of every row that has been read as
//! told above the id is known, exactly or by a segment of its shard. What only a segment says is [in doubt](Follower::doubts),
//! and for the shard to [confirm](Follower::confirm).
//!
//! # What it takes
//!
//! This takes a clock that is not set back unnoticed. If `now` is ever earlier than before, nothing that was read counts any
//! more; if it is set back and has passed its old time again between two looks, nobody can tell.

mod ask;
mod clock;
mod doubt;
mod filter;
mod generations;
mod live_set;
mod load;
mod position;
mod segments;
mod shelf;
mod shelves;
mod sync;
mod terms;
#[cfg(test)]
mod tests;

use alloc::{vec, vec::Vec};
use core::time::Duration;

pub use ask::Step;
pub use doubt::Doubt;
pub use live_set::{Known, LiveSet};
pub use sync::{Read, SyncId};
pub use terms::{Source, Terms, WhenStale};

use crate::{
    Revocation, RevocationId, Timestamp,
    ledger::{Edition, ShardHistory},
};
use generations::{Generations, OWN};
use position::Position;
use segments::{Load, Segments};
use sync::{Sync, Work};

/// Follows all shards of a ledger.
///
/// ```
/// use quash_core::{Timestamp, follower::*, ledger::{Delta, Header, ShardCount, ShardHistory, Span}};
///
/// let mut follower = Follower::new(Terms::default(), 42);
/// let arrived = Timestamp::from_secs(1_795_469_000);
///
/// // It knows nothing yet, so the first request reads the ledger.
/// let Step::Sync(sync) = follower.ask(arrived, WhenStale::Closed, arrived) else { panic!() };
/// while let Some(read) = follower.next_read(sync, arrived) {
///     // What a shard's Durable Object answers; here, one that has never been written to.
///     let history = Some(ShardHistory::new(ShardCount::ONE));
///     let header = Header { shard: read.shard, epoch: 7, span: Span { from: 0, to: 0 }, head: 0, edition: None, history };
///     follower.answered(&read, &Delta::parse(&header.write([]))?, None, arrived);
/// }
///
/// // From now on requests are decided from memory, and the ledger is read in the background.
/// assert_eq!(follower.ask(arrived, WhenStale::Closed, arrived), Step::Decide { source: Source::Fresh, refresh: None });
/// # Ok::<(), quash_core::ledger::InvalidDelta>(())
/// ```
pub struct Follower {
    terms: Terms,
    live: LiveSet,
    generations: Generations,
    /// How many shards there were, by the root.
    history: ShardHistory,
    /// All that are followed: shard 0, the root, and those that it or the configuration tells of.
    shards: Vec<Shard>,
    /// From when the root counts. Not from when it was read while there are shards that it told of and that were not.
    root_at: Option<Timestamp>,
    sync: Option<Sync>,
    next_sync: u64,
    /// Whether nobody waits for the last sync, so that it may read what nobody needs at once.
    may_take_over: bool,
    /// The first sync that was begun since the clock was last set back.
    trusted: u64,
    /// The latest time that was told.
    latest: Timestamp,
    /// How old the oldest shard may become before the ledger is read again.
    due_after: Duration,
    /// What went wrong since a sync last succeeded.
    trouble: u32,
    /// When to begin another sync after one that failed.
    retry_at: Timestamp,
    random: u64,
}

struct Shard {
    position: Position,
    work: Work,
    segments: Segments,
    load: Option<Load>,
    /// When to take over an edition that was told of.
    takes_over: Option<(Timestamp, Edition)>,
    /// Whether no copy of the head will do.
    wants_head: bool,
}

impl Follower {
    /// One that knows nothing. `seed` is to be random: isolates that all read at the same moments would all ask the ledger.
    pub fn new(terms: Terms, seed: u64) -> Self {
        let mut follower = Self {
            terms,
            live: LiveSet::default(),
            generations: Generations::default(),
            history: ShardHistory::new(terms.shards),
            shards: vec![],
            root_at: None,
            sync: None,
            next_sync: 0,
            may_take_over: false,
            trusted: 0,
            latest: Timestamp::from_millis(0),
            due_after: Duration::ZERO,
            trouble: 0,
            retry_at: Timestamp::from_millis(0),
            // Anything but zero, which xorshift never leaves.
            random: seed | 1 << 63,
        };
        follower.follow(terms.shards.get());
        follower.draw();
        follower
    }

    /// What this isolate has revoked itself: known at once, whatever the ledger says and whenever it does.
    pub fn record(&mut self, revocations: &[Revocation], now: Timestamp) {
        revocations.iter().for_each(|revocation| self.live.insert(revocation, now));
    }

    /// What the ledger was found to have, by whoever looked it up.
    pub fn told(&mut self, rows: &[Revocation], now: Timestamp) {
        rows.iter().for_each(|row| self.live.insert_row(row, OWN, now));
    }

    /// What is known exactly under an id. It says nothing of revocations that are not known, which is what [`ask`](Self::ask) is
    /// for, nor of those that segments have: see [`doubts`](Self::doubts).
    pub fn lookup(&self, id: &RevocationId) -> Option<Known> {
        self.live.lookup(id)
    }

    /// Everything that is known exactly.
    pub fn live(&self) -> &LiveSet {
        &self.live
    }

    /// What it promises.
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// How old the oldest shard's last reading is; `None` while one has never been read, or the clock was set back since.
    pub fn age(&self, now: Timestamp) -> Option<Duration> {
        let others = self.shards.iter().filter_map(|shard| shard.position.synced_at());
        Some(now.since(others.fold(self.root_at?, Timestamp::min)))
    }

    /// Follows so many shards at least. They are read before the root counts again.
    fn follow(&mut self, count: u8) {
        let missing = usize::from(count).saturating_sub(self.shards.len());
        let work = if self.sync.is_some() { Work::HEAD } else { Work::None };
        let shard = || Shard {
            position: Position::UNREAD,
            work,
            segments: Segments::default(),
            load: None,
            takes_over: None,
            wants_head: false,
        };
        self.shards.extend((0..missing).map(|_| shard()));
    }

    /// Draws when the next sync is due, between a half and three quarters of what is allowed. The first isolate of a data
    /// centre to be due asks the ledger, the others find its copy; and there is time left for the answer.
    ///
    /// The latest of four draws, so that few are early: else many of a hundred isolates would be due while the first still
    /// waits for its answer.
    fn draw(&mut self) {
        let [_, _, _, _, draws @ ..] = self.random().to_le_bytes();
        let latest = draws.into_iter().fold(0, u8::max);
        self.due_after = self.terms.max_staleness * (512 + u32::from(latest)) / 1024;
    }

    fn random(&mut self) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}
