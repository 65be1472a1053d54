use alloc::vec::Vec;
use core::time::Duration;

use super::{
    Follower, Read, Shard, SyncId,
    segments::Load,
    sync::{Work, work_after},
};
use crate::{
    RevocationId, Timestamp,
    ledger::{Edition, Part},
    segment::{Segment, Slice, Snapshot},
};

/// Within what time the isolates that are in step take over a new edition. Each draws when, so that the first one of a data centre
/// has been heard by the others, through its cache, and nobody asks the ledger for as much all at once.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(120);

impl Follower {
    /// A segment that was read: the ledger's own answer, or a copy. The host goes on with [`next_read`](Self::next_read).
    pub fn loaded(&mut self, read: &Read, segment: Segment, is_copy: bool, now: Timestamp) {
        self.watch(now);
        let Some(shard) = self.shards.get_mut(usize::from(read.shard)) else { return };
        let (Some(load), Some(epoch)) = (&mut shard.load, shard.position.epoch()) else { return };
        let Part::Segment { seq, slice } = read.part else { return };
        if load.edition.seq != seq || !load.lacks(slice) {
            return;
        }
        let of = |slice| Snapshot { shard: read.shard, epoch, seq, slice };
        if Slice::new(slice).map(of).as_ref() != Some(segment.snapshot()) {
            return self.useless_segment(read, is_copy, now);
        }
        let edition = load.edition;
        let (is_complete, is_awaited) = (load.has_come(slice), shard.work == Work::Loading);
        let (is_behind, resets) = (shard.position.reached() < seq, shard.position.resets());
        shard.segments.put(resets, segment, edition.slices.count_ones());
        if is_complete {
            shard.load = None;
            shard.segments.complete(resets, edition);
            let next = shard.position.loaded(edition);
            if is_awaited {
                shard.work = work_after(next, false).unwrap_or(Work::Failed);
            }
            self.date();
        }
        if let Some(slice) = Slice::new(slice) {
            self.make_room(slice, is_behind);
        }
        if is_awaited {
            self.heard(now);
        }
    }

    /// Lets what is in segments go out of the live set. An id may lie where any count of shards has put it, so all of those have to
    /// have segments that reach as far as it may have been read.
    fn make_room(&mut self, slice: Slice, is_behind: bool) {
        let reach = |shard: &Shard| shard.segments.reach(shard.position.resets(), slice);
        let reaches: Vec<u64> = self.shards.iter().map(reach).collect();
        let mut live = core::mem::take(&mut self.live);
        let is_in_segments = |shard: u8, generation| {
            let highest = self.generations.highest(generation, shard);
            highest <= reaches.get(usize::from(shard)).copied().unwrap_or(0)
        };
        live.yield_slice(slice, is_behind, |id, generation| {
            self.shards_of(id).all(|shard| is_in_segments(shard, generation))
        });
        self.live = live;
    }

    /// The shards whose log may have an id, by the counts that are known. There may be one more by now: what is read there counts
    /// as nowhere, until the root tells.
    pub(super) fn shards_of(&self, id: &RevocationId) -> impl Iterator<Item = u8> {
        core::iter::once(self.terms.shards.shard_of(id)).chain(self.history.shards_of(id))
    }

    /// Nothing came of a read of a segment.
    pub(super) fn useless_segment(&mut self, read: &Read, is_copy: bool, now: Timestamp) {
        let Part::Segment { seq, slice } = read.part else { return };
        let Some(shard) = self.shards.get_mut(usize::from(read.shard)) else { return };
        let Some(load) = shard.load.as_mut().filter(|load| load.edition.seq == seq && load.lacks(slice)) else {
            return;
        };
        if is_copy {
            return load.ask_directly(slice);
        }
        if read.sync.0 + 1 != self.next_sync {
            // It has been asked for again since.
            return;
        }
        // Perhaps another edition has been published since: the ledger's own answer tells.
        shard.load = None;
        shard.wants_head = true;
        if shard.work == Work::Loading {
            shard.work = Work::Failed;
            self.heard(now);
        }
    }

    /// The next segment to read for a sync, the last that was begun.
    pub(super) fn next_segment(&mut self, sync: SyncId, now: Timestamp) -> Option<Read> {
        let may_take_over = self.may_take_over;
        let shards = self.shards.iter_mut().enumerate();
        shards.filter(|(_, shard)| may_take_over || shard.work == Work::Loading).find_map(|(index, shard)| {
            let load = shard.load.as_mut()?;
            let (slice, direct) = load.next()?;
            let part = Part::Segment { seq: load.edition.seq, slice };
            let epoch = shard.position.epoch();
            Some(Read { sync, shard: index as u8, part, epoch, direct, asked_at: now })
        })
    }

    /// Begins to read an edition, if that or a later one is not being read.
    pub(super) fn load(&mut self, shard: usize, edition: Edition) {
        let shard = &mut self.shards[shard];
        if shard.load.as_ref().is_none_or(|load| load.edition.seq < edition.seq) {
            let there = shard.segments.of(shard.position.resets(), edition.seq);
            shard.load = Some(Load::new(edition, there));
        }
    }

    /// Takes note of an edition, in step: it says nothing new, in less memory.
    pub(super) fn learn_edition(&mut self, shard: usize, edition: Edition, now: Timestamp) {
        let Shard { segments, position, load, takes_over, .. } = &self.shards[shard];
        if load.is_some() || !segments.is_older(position.resets(), edition) {
            return;
        }
        let at = match *takes_over {
            Some((at, _)) => at,
            None => now.plus(TAKEN_OVER_WITHIN * (self.random() >> 48) as u32 / (1 << 16)),
        };
        self.shards[shard].takes_over = Some((at, edition));
    }

    /// Whether it is time to take an edition over.
    pub(super) fn is_to_take_over(&self, now: Timestamp) -> bool {
        self.shards.iter().any(|shard| shard.takes_over.is_some_and(|(at, _)| at <= now))
    }

    /// Begins to take over what it is time for, in a sync that nobody waits for.
    pub(super) fn take_over(&mut self, now: Timestamp) {
        for shard in 0..self.shards.len() {
            if let Some((_, edition)) = self.shards[shard].takes_over.take_if(|(at, _)| *at <= now) {
                self.load(shard, edition);
            }
        }
    }
}
