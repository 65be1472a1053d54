use alloc::vec::Vec;
use core::num::NonZeroU32;

use super::{
    InvalidSegment, Slice, Snapshot,
    header::{Header, is_identified},
    layout::{Layout, Table},
    shape::number,
};
use crate::RevocationId;

/// A set of revocations: immutable, and approximate in its "yes".
pub struct Segment {
    header: Header,
    layout: Layout,
    bytes: Vec<u8>,
}

impl Segment {
    /// Reads a segment.
    ///
    /// # Errors
    /// [`InvalidSegment`] when it is not exactly what a [`Builder`](super::Builder) built.
    pub fn parse(bytes: Vec<u8>) -> Result<Self, InvalidSegment> {
        let header = Header::read(&bytes)?;
        let layout = Layout::new(&header).ok_or(InvalidSegment::Size)?;
        if bytes.len() < layout.bytes {
            return Err(InvalidSegment::Truncated);
        }
        if bytes.len() > layout.bytes {
            return Err(InvalidSegment::Trailing);
        }
        if !is_identified(&bytes) {
            return Err(InvalidSegment::Identity);
        }
        let has_index = |table: &Table| table.has_index(&bytes);
        if layout.tables.iter().flatten().all(has_index) {
            Ok(Self { header, layout, bytes })
        } else {
            Err(InvalidSegment::Contradiction)
        }
    }

    /// Whether an id may be revoked. "No" is certain, unless the id is of another shard or [slice](Slice), or its row is not
    /// one of [those](Self::snapshot) of the segment. "Yes" has to be confirmed.
    ///
    /// Nothing of the id but its first eight bytes and its [kind](RevocationId::kind) makes a difference, so that whoever keeps
    /// no more of an id can ask.
    pub fn contains(&self, id: &RevocationId) -> bool {
        let Some(table) = &self.layout.tables[usize::from(id.kind())] else { return false };
        if Slice::of(id) != self.header.snapshot.slice {
            return false;
        }
        // What was built is all there. If it were not, this would be for the ledger to say.
        table.contains(&self.bytes, number(first(id), self.layout.range)).unwrap_or(true)
    }

    /// What it is about.
    pub fn snapshot(&self) -> &Snapshot {
        &self.header.snapshot
    }

    /// What it was built for: a token that is not revoked is taken for revoked once in so many times.
    pub fn one_in(&self) -> NonZeroU32 {
        self.header.one_in
    }

    /// How many ids there are. Those of one kind that begin with the same eight bytes count as one.
    pub fn len(&self) -> usize {
        self.header.count() as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// What is kept of an id but its kind.
pub(super) fn first(id: &RevocationId) -> u64 {
    id.as_bytes().first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
