use alloc::vec::Vec;

use super::{
    InvalidSegment, Rate, Snapshot,
    bits::{bits, select, word},
    header::{HEADER, Header, Identifier, identity},
    shape::{Bucket, Place, Shape},
};
use crate::RevocationId;

/// A set of revocations: immutable, and approximate in its "yes".
pub struct Segment {
    header: Header,
    shape: Shape,
    bytes: Vec<u8>,
}

impl Segment {
    /// One of these bytes, of which there are as many as the header says, and some of which have been hashed.
    pub(super) fn new(header: Header, bytes: Vec<u8>, identifier: Identifier) -> Result<Self, InvalidSegment> {
        if identity(&bytes) != Some(identifier.finish(&bytes)) {
            return Err(InvalidSegment::Identity);
        }
        let segment = Self { header, shape: Shape::new(&header), bytes };
        if segment.has_index() { Ok(segment) } else { Err(InvalidSegment::Contradiction) }
    }

    /// Whether an id may be revoked. "No" is certain, unless the id is of another shard, or its row came later or expires at
    /// another time than [those](Self::snapshot) of the segment. "Yes" has to be confirmed.
    pub fn contains(&self, id: &RevocationId) -> bool {
        let Some(number) = self.shape.number(id) else { return false };
        // What was built is all there. If it were not, this would be for the ledger to say.
        self.find(self.shape.place(number)).unwrap_or(true)
    }

    /// What it is about.
    pub fn snapshot(&self) -> &Snapshot {
        &self.header.snapshot
    }

    /// What it was built for.
    pub fn rate(&self) -> Rate {
        self.header.rate
    }

    /// What tells it from all others.
    pub fn identity(&self) -> [u8; 16] {
        identity(&self.bytes).unwrap_or_default()
    }

    /// How many ids there are. Ids that are alike in what is kept of them count as one.
    pub fn len(&self) -> usize {
        self.header.count as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Its bytes, kept.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// `None` when something is missing that was built.
    fn find(&self, Place { bucket, quotient, low }: Place) -> Option<bool> {
        let (before, after) = (self.before(bucket)?, self.before(bucket + 1)?);
        let data = self.bytes.get(self.shape.data() as usize..)?;
        let Bucket { start, lows } = self.shape.bucket(bucket, before, after.checked_sub(before)?);
        // The entries of the quotient are the ones behind as many zeros.
        let mut at = skip_zeros(data, start, lows, quotient)?;
        let mut low_at = lows + at.checked_sub(start + quotient)? * u64::from(self.shape.low);
        while at < lows {
            let known = 64 - (at % 8) as u32;
            let ones = bits(data, at)?.trailing_ones();
            for _ in 0..ones {
                if bits(data, low_at)? & ((1 << self.shape.low) - 1) == low {
                    return Some(true);
                }
                low_at += u64::from(self.shape.low);
            }
            if ones < known {
                return Some(false);
            }
            at += u64::from(ones);
        }
        None
    }

    /// How many entries come before a bucket.
    fn before(&self, bucket: u64) -> Option<u64> {
        let bytes = self.bytes.get(HEADER + 4 * bucket as usize..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes).into())
    }

    /// Whether the index begins with nothing, ends with everything, and in no bucket has more than it can have.
    fn has_index(&self) -> bool {
        let (index, _) = self.bytes[HEADER..self.shape.data() as usize].as_chunks();
        let most = self.shape.max_entries();
        let is_possible = |pair: &[[u8; 4]]| {
            let [before, after] = [pair[0], pair[1]].map(u32::from_le_bytes);
            after.checked_sub(before).is_some_and(|entries| u64::from(entries) <= most)
        };
        let ends = [index.first(), index.last()].map(|end| end.map(|number| u32::from_le_bytes(*number)));
        ends == [Some(0), Some(self.header.count)] && index.windows(2).all(is_possible)
    }
}

/// Where it goes on behind so many zeros from `start` on; `None` where there are not as many before `end`.
fn skip_zeros(bytes: &[u8], start: u64, end: u64, zeros: u64) -> Option<u64> {
    let Some(mut last) = (zeros as u32).checked_sub(1) else { return Some(start) };
    let mut at = start / 8;
    // The bits before are no zeros of ours.
    let mut rest = !(word(bytes, at)? | ((1 << (start % 8)) - 1));
    while rest.count_ones() <= last {
        last -= rest.count_ones();
        at += 8;
        if at * 8 >= end {
            return None;
        }
        rest = !word(bytes, at)?;
    }
    Some(at * 8 + u64::from(select(rest, last)) + 1)
}
