use alloc::vec::Vec;
use core::num::NonZeroU32;

use thiserror::Error;

use super::{KINDS, MAX_IDS, Slice};
use crate::hash::sha256;

/// Starts each segment: what it is, and the version of its form.
const MAGIC: [u8; 4] = *b"QSG\x01";

/// Where what is hashed begins.
pub(super) const HASHED: usize = MAGIC.len() + 16;

/// The length of a header that tells of so many tables.
pub(super) const fn header_bytes(tables: usize) -> usize {
    HASHED + 1 + 1 + 8 + 8 + 4 + 1 + tables * (1 + 4)
}

/// What a segment is about: it has every id of the slice that the shard's log had a row of with a number up to `seq`, unless
/// the row has expired. It may have others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The shard that has the log.
    pub shard: u8,
    /// The log's epoch.
    pub epoch: u64,
    /// The number as of which it holds.
    pub seq: u64,
    /// Which of the shard's ids it is about.
    pub slice: Slice,
}

/// Bytes that are no segment. Nothing is known then, as when there were none: whoever needs it must read the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidSegment {
    /// Something else, or a version that is not known.
    #[error("not a segment of a known version")]
    Magic,
    /// It ends too early.
    #[error("the segment is cut short")]
    Truncated,
    /// It does not end where it should.
    #[error("something follows the segment")]
    Trailing,
    /// It has more than [`MAX_IDS`], or is longer than [`MAX_BYTES`](super::MAX_BYTES).
    #[error("the segment is too long")]
    Size,
    /// It is not what was built: something was changed.
    #[error("the segment's identity is not that of its bytes")]
    Identity,
    /// Its slice, its tables or an index cannot be: nothing that builds one writes that.
    #[error("the segment contradicts itself")]
    Contradiction,
}

/// All of a header but the identity.
pub(super) struct Header {
    pub(super) snapshot: Snapshot,
    pub(super) one_in: NonZeroU32,
    /// How many ids there are of each kind. There is a table for each that has some.
    pub(super) counts: [u32; KINDS],
}

impl Header {
    pub(super) fn read(mut bytes: &[u8]) -> Result<Self, InvalidSegment> {
        let bytes = &mut bytes;
        if take(bytes) != Ok(MAGIC) {
            return Err(InvalidSegment::Magic);
        }
        take::<16>(bytes)?;
        let [shard, slice] = take(bytes)?;
        let [epoch, seq] = [take(bytes)?, take(bytes)?].map(u64::from_be_bytes);
        let one_in = NonZeroU32::new(u32::from_be_bytes(take(bytes)?));
        let (Some(slice), Some(one_in)) = (Slice::new(slice), one_in) else {
            return Err(InvalidSegment::Contradiction);
        };
        let [tables] = take(bytes)?;
        let (mut counts, mut next) = ([0; KINDS], 0);
        for _ in 0..tables {
            let [kind] = take(bytes)?;
            let count = u32::from_be_bytes(take(bytes)?);
            match counts.get_mut(usize::from(kind)) {
                Some(place) if kind >= next && count > 0 => *place = count,
                _ => return Err(InvalidSegment::Contradiction),
            }
            next = kind + 1;
        }
        let header = Self { snapshot: Snapshot { shard, epoch, seq, slice }, one_in, counts };
        if header.count() > MAX_IDS as u64 { Err(InvalidSegment::Size) } else { Ok(header) }
    }

    /// A header as it begins a segment, whose identity is not known yet.
    pub(super) fn write(&self) -> Vec<u8> {
        let Self { snapshot, one_in, counts } = self;
        let mut bytes = [&MAGIC[..], &[0; 16], &[snapshot.shard, snapshot.slice.get()]].concat();
        bytes.extend(snapshot.epoch.to_be_bytes());
        bytes.extend(snapshot.seq.to_be_bytes());
        bytes.extend(one_in.get().to_be_bytes());
        bytes.push(self.tables() as u8);
        for (kind, count) in (0..).zip(counts).filter(|(_, count)| **count > 0) {
            bytes.push(kind);
            bytes.extend(count.to_be_bytes());
        }
        bytes
    }

    /// Of all kinds.
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().copied().map(u64::from).sum()
    }

    pub(super) fn tables(&self) -> usize {
        self.counts.iter().filter(|count| **count > 0).count()
    }
}

/// Whether the identity that is written in a segment is its own.
pub(super) fn is_identified(bytes: &[u8]) -> bool {
    bytes.get(MAGIC.len()..HASHED) == Some(&identity(bytes))
}

/// Writes its identity in a segment that is otherwise complete.
pub(super) fn identify(bytes: &mut [u8]) {
    let identity = identity(bytes);
    bytes[MAGIC.len()..HASHED].copy_from_slice(&identity);
}

fn identity(bytes: &[u8]) -> [u8; 16] {
    let hash = sha256(bytes.get(HASHED..).unwrap_or_default());
    hash.first_chunk().copied().unwrap_or_default()
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], InvalidSegment> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(InvalidSegment::Truncated)?;
    *bytes = rest;
    Ok(*taken)
}
