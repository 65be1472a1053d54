//! A model of a shard's log and its segments, for followers to read.

use std::{collections::BTreeMap, vec::Vec};

use super::*;
use crate::{
    fixtures::random_id as id,
    ledger::Edition,
    segment::{Builder, ONE_IN, Segment, Slice, Snapshot},
};

pub(super) const ALWAYS: Cover = Cover::everyone(Cutoff::Always);
pub(super) const EPOCH: u64 = 7;

pub(super) fn revocation(number: u64, cover: Cover) -> Revocation {
    Revocation { id: id(number), cover, expires_at: at(900_000), revoked_at: at(0), reason: Reason::Logout }
}

/// The log of the only shard, which numbers ids as they are numbered here, and its last edition.
pub(super) struct Log {
    pub(super) epoch: u64,
    pub(super) rows: BTreeMap<u64, Revocation>,
    pub(super) edition: Option<Edition>,
    pub(super) segments: BTreeMap<u8, Vec<u8>>,
}

impl Log {
    pub(super) fn of(count: u64) -> Self {
        let rows = (1..=count).map(|number| (number, revocation(number, ALWAYS))).collect();
        Self { epoch: EPOCH, rows, edition: None, segments: BTreeMap::new() }
    }

    /// The same log in another storage, with other rows in it.
    pub(super) fn renewed(&self, rows: u64) -> Self {
        let rows = (1..=rows).map(|number| (number, revocation(100_000 + number, ALWAYS))).collect();
        Self { epoch: self.epoch + 1, rows, edition: None, segments: BTreeMap::new() }
    }

    pub(super) fn publish(&mut self) {
        let seq = self.head();
        let mut builders = BTreeMap::new();
        let mut ids: Vec<_> = self.rows.values().map(|row| row.id).collect();
        ids.sort_unstable();
        for id in ids {
            let slice = Slice::of(&id);
            let snapshot = Snapshot { shard: 0, epoch: self.epoch, seq, slice };
            builders.entry(slice.get()).or_insert_with(|| Builder::new(snapshot, ONE_IN)).push(&id).unwrap();
        }
        self.segments = builders.into_iter().map(|(slice, builder)| (slice, builder.finish().unwrap())).collect();
        self.edition = Some(Edition { seq, slices: self.segments.keys().map(|slice| 1 << slice).sum() });
    }

    pub(super) fn head(&self) -> u64 {
        self.rows.keys().last().copied().unwrap_or(0)
    }

    /// Answers a read, as the ledger itself.
    pub(super) fn answer(&self, follower: &mut Follower, read: &Read, now: Timestamp) {
        if let Part::Segment { slice, .. } = read.part {
            let segment = Segment::parse(self.segments[&slice].clone()).unwrap();
            return follower.loaded(read, segment, false, now);
        }
        let (head, history) = (self.head(), Some(ShardHistory::new(ShardCount::ONE)));
        let span = read.part.span(head);
        let header = Header { shard: 0, epoch: self.epoch, span, head, edition: self.edition, history };
        let bytes = header.write(self.rows.range(span.from + 1..=span.to).map(|(_, row)| row));
        follower.answered(read, &Delta::parse(&bytes).unwrap(), None, now);
    }

    /// Makes the reads of a sync, and tells which.
    pub(super) fn complete(&self, follower: &mut Follower, sync: SyncId, now: Timestamp) -> Vec<Part> {
        let mut parts = Vec::new();
        while let Some(read) = follower.next_read(sync, now) {
            parts.push(read.part);
            self.answer(follower, &read, now);
        }
        parts
    }
}
