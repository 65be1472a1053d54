use alloc::{vec, vec::Vec};

use thiserror::Error;

use super::{
    MAX_BYTES, Rate, Snapshot,
    bits::Writer,
    header::{HEADER, Header, PADDING, identify},
    shape::Shape,
};
use crate::RevocationId;

/// Builds a segment from ids that come one by one, in their order. It holds the segment so far and one bucket, and never
/// moves what it has written if the count was right.
///
/// ```
/// use quash_core::{RevocationId, Timestamp, ledger::ShardCount, segment::{Builder, Rate, Segment, Snapshot}};
///
/// let snapshot = Snapshot {
///     shard: 0,
///     shards: ShardCount::ONE,
///     epoch: 7,
///     seq: 2,
///     expires_from: Timestamp::from_secs(1_795_468_800),
///     expires_before: Timestamp::from_secs(1_795_472_400),
/// };
/// let [one, two, other] = [1, 2, 3].map(|byte| RevocationId::from_bytes([byte; 16]));
/// let mut builder = Builder::new(snapshot, Rate::usual(2))?;
/// builder.push(&one)?;
/// builder.push(&two)?;
///
/// let segment = Segment::parse(builder.finish())?;
/// assert!(segment.contains(&one) && segment.contains(&two) && !segment.contains(&other));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Builder {
    header: Header,
    shape: Shape,
    writer: Writer,
    last: Option<RevocationId>,
    /// The bucket that is open, and its entries: the quotient and the lower bits of each.
    bucket: u64,
    entries: Vec<(u64, u64)>,
}

/// Why a segment is not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unfit {
    /// There is no such shard, or the id is another one's.
    #[error("the id is not of the segment's shard")]
    Shard,
    /// The id comes before one that was added.
    #[error("the ids are in no order")]
    Order,
    /// It would be longer than [`MAX_BYTES`], and nobody could load it.
    #[error("the segment would be too long")]
    Size,
}

impl Builder {
    /// Begins a segment.
    ///
    /// # Errors
    /// [`Unfit`] when there is no such shard, or the segment would be too long.
    pub fn new(snapshot: Snapshot, rate: Rate) -> Result<Self, Unfit> {
        if snapshot.shard >= snapshot.shards.get() {
            return Err(Unfit::Shard);
        }
        let header = Header { snapshot, rate, count: 0 };
        let shape = Shape::new(&header);
        let length = fitting(shape.bytes(rate.expected))?;
        let mut bytes = Vec::new();
        bytes.try_reserve_exact(length).map_err(|_| Unfit::Size)?;
        bytes.resize(fitting(shape.data())?, 0);
        Ok(Self { header, shape, writer: Writer::new(bytes), last: None, bucket: 0, entries: vec![] })
    }

    /// Adds an id. One that comes twice in a row is added once.
    ///
    /// # Errors
    /// [`Unfit`] when it is not of the shard, comes before the last one, or does not fit any more. The builder is as it was before.
    pub fn push(&mut self, id: &RevocationId) -> Result<(), Unfit> {
        let number = self.shape.number(id).ok_or(Unfit::Shard)?;
        if self.last.is_some_and(|last| last > *id) {
            return Err(Unfit::Order);
        }
        let place = self.shape.place(number);
        let entry = (place.quotient, place.low);
        if place.bucket != self.bucket || self.entries.last() != Some(&entry) {
            let count = self.header.count.checked_add(1).ok_or(Unfit::Size)?;
            fitting(self.shape.bytes(count))?;
            self.header.count = count;
            while self.bucket < place.bucket {
                self.close();
            }
            self.entries.push(entry);
        }
        self.last = Some(*id);
        Ok(())
    }

    /// The segment.
    pub fn finish(mut self) -> Vec<u8> {
        while self.bucket < self.shape.buckets() {
            self.close();
        }
        let mut bytes = self.writer.finish();
        bytes.extend([0; PADDING]);
        self.header.write(&mut bytes);
        identify(&mut bytes);
        bytes
    }

    /// Writes a bucket, and in the index how many entries there are with it.
    fn close(&mut self) {
        let mut quotients = 0;
        for (quotient, _) in &self.entries {
            self.writer.put_zeros(quotient - quotients);
            self.writer.put(1, 1);
            quotients = *quotient;
        }
        self.writer.put_zeros(self.shape.quotients_of(self.bucket) - quotients);
        self.entries.iter().for_each(|(_, low)| self.writer.put(*low, self.shape.low));
        let before = self.before(self.bucket) + self.entries.len() as u32;
        self.entries.clear();
        self.bucket += 1;
        let at = index(self.bucket);
        self.writer.bytes[at..at + 4].copy_from_slice(&before.to_le_bytes());
    }

    fn before(&self, bucket: u64) -> u32 {
        let number = self.writer.bytes.get(index(bucket)..).and_then(|bytes| bytes.first_chunk());
        number.map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }
}

/// Where the index tells of a bucket. All of it fits, so that what is below it does.
fn index(bucket: u64) -> usize {
    HEADER + 4 * bucket as usize
}

fn fitting(length: u64) -> Result<usize, Unfit> {
    usize::try_from(length).ok().filter(|length| *length <= MAX_BYTES).ok_or(Unfit::Size)
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{Timestamp, ledger::ShardCount};

    #[test]
    fn more_than_can_be_loaded_is_not_built() {
        let time = Timestamp::from_secs(0);
        let shards = ShardCount::ONE;
        let snapshot = Snapshot { shard: 0, shards, epoch: 0, seq: 0, expires_from: time, expires_before: time };
        let mut builder = Builder::new(snapshot, Rate { expected: 9, one_in: NonZeroU32::MAX }).unwrap();
        // As if so many had been added: of 32 bits each.
        builder.header.count = MAX_BYTES as u32 / 4 - 50;
        let push = |builder: &mut Builder, byte| builder.push(&RevocationId::from_bytes([byte; 16]));
        let first = (0..100).find(|byte| push(&mut builder, *byte) == Err(Unfit::Size)).unwrap();
        assert!((10..50).contains(&first) && push(&mut builder, first) == Err(Unfit::Size));
        assert!(builder.shape.bytes(builder.header.count) <= MAX_BYTES as u64);
    }
}
