use core::num::NonZeroU32;

use thiserror::Error;

use super::{MAX_BYTES, shape::Shape};
use crate::{
    Timestamp,
    hash::{Hash as _, SHA256, Sha256, finish},
    ledger::ShardCount,
};

/// Starts each segment: what it is, and the version of its form.
const MAGIC: [u8; 4] = *b"QSG\x01";

/// Where what is hashed begins.
pub(super) const HASHED: usize = MAGIC.len() + 16;

/// The length of a header.
pub(super) const HEADER: usize = HASHED + 1 + 1 + 8 + 8 + 5 + 5 + 4 + 4 + 4;

/// What comes after all bits.
pub(super) const PADDING: usize = 7;

/// The greatest time in seconds that fits.
const MAX_SECS: u64 = (1 << 40) - 1;

/// What a segment is about: it has every row that a shard's log had as of a number, if the row expires within a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The shard that has the log.
    pub shard: u8,
    /// How many shards there are by the count that put the rows there. A log with rows of [several
    /// counts](crate::ledger::ShardHistory) makes a segment for each: where among a shard's ids one lies tells its number.
    pub shards: ShardCount,
    /// The log's epoch.
    pub epoch: u64,
    /// The number as of which it holds. What a row with a higher one says is not in it.
    pub seq: u64,
    /// Its rows expire then or later; in whole seconds, rounded down.
    pub expires_from: Timestamp,
    /// And before then; in whole seconds, rounded up.
    pub expires_before: Timestamp,
}

/// How many ids there are to be, and how often an absent one may be taken for one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many ids are expected. With more of them than that, "yes" is wrong more often, with fewer the segment is larger than
    /// need be: never wrong in a "no".
    pub expected: u32,
    /// One in so many absent ids is taken for a member. Each doubling costs a bit for each id.
    pub one_in: NonZeroU32,
}

impl Rate {
    /// One in 4096, for 14.1 bits an id.
    pub const fn usual(expected: u32) -> Self {
        Self { expected, one_in: ONE_IN }
    }
}

const ONE_IN: NonZeroU32 = NonZeroU32::MIN.saturating_add(4095);

/// Bytes that are no segment. Nothing is known then, as when there were none: whoever needs it must read the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidSegment {
    /// Something else, or a version that is not known.
    #[error("not a segment of a known version")]
    Magic,
    /// It ends too early, as when a chunk is missing.
    #[error("the segment is cut short")]
    Truncated,
    /// It does not end where it should.
    #[error("something follows the segment")]
    Trailing,
    /// It is longer than [`MAX_BYTES`], or than the memory that there is.
    #[error("the segment is too long")]
    Size,
    /// It is not what was built: something was changed, or its chunks are not of one segment.
    #[error("the segment's identity is not that of its bytes")]
    Identity,
    /// Its shard, its times or its index cannot be: nothing that builds one writes that.
    #[error("the segment contradicts itself")]
    Contradiction,
}

/// All of a header but the identity.
#[derive(Clone, Copy)]
pub(super) struct Header {
    pub(super) snapshot: Snapshot,
    pub(super) rate: Rate,
    pub(super) count: u32,
}

impl Header {
    /// Reads a header, and tells how long the segment is.
    pub(super) fn read(mut bytes: &[u8]) -> Result<(Self, usize), InvalidSegment> {
        let bytes = &mut bytes;
        if take(bytes) != Ok(MAGIC) {
            return Err(InvalidSegment::Magic);
        }
        take::<16>(bytes)?;
        let [shard, shards] = take(bytes)?;
        let (epoch, seq) = (number::<8>(bytes)?, number::<8>(bytes)?);
        let [expires_from, expires_before] = [number::<5>(bytes)?, number::<5>(bytes)?].map(Timestamp::from_secs);
        let [one_in, expected, count] = [take(bytes)?, take(bytes)?, take(bytes)?].map(u32::from_be_bytes);
        let shards = ShardCount::new(shards).filter(|shards| shard < shards.get());
        let one_in = NonZeroU32::new(one_in).filter(|_| expires_from <= expires_before);
        let (Some(shards), Some(one_in)) = (shards, one_in) else { return Err(InvalidSegment::Contradiction) };
        let snapshot = Snapshot { shard, shards, epoch, seq, expires_from, expires_before };
        let header = Self { snapshot, rate: Rate { expected, one_in }, count };
        let length = usize::try_from(Shape::new(&header).bytes(count)).ok().filter(|length| *length <= MAX_BYTES);
        Ok((header, length.ok_or(InvalidSegment::Size)?))
    }

    /// Puts a header where its place is, without the identity.
    pub(super) fn write(&self, bytes: &mut [u8]) {
        let Self { snapshot, rate, count } = self;
        let from = (snapshot.expires_from.as_millis() / 1000).min(MAX_SECS);
        let before = snapshot.expires_before.as_secs_ceil().min(MAX_SECS);
        let mut rest = bytes;
        let mut put = |part: &[u8]| {
            let (place, after) = core::mem::take(&mut rest).split_at_mut(part.len());
            place.copy_from_slice(part);
            rest = after;
        };
        put(&MAGIC);
        put(&[0; 16]);
        put(&[snapshot.shard, snapshot.shards.get()]);
        put(&snapshot.epoch.to_be_bytes());
        put(&snapshot.seq.to_be_bytes());
        put(&from.to_be_bytes()[3..]);
        put(&before.to_be_bytes()[3..]);
        put(&rate.one_in.get().to_be_bytes());
        put(&rate.expected.to_be_bytes());
        put(&count.to_be_bytes());
    }
}

/// The identity that is written in a segment.
pub(super) fn identity(bytes: &[u8]) -> Option<[u8; 16]> {
    bytes.get(MAGIC.len()..)?.first_chunk().copied()
}

/// The hash of a segment as it grows: of the whole blocks that are there.
#[derive(Clone, Copy)]
pub(super) struct Identifier {
    hash: Sha256,
    blocks: usize,
}

impl Identifier {
    pub(super) const NEW: Self = Self { hash: SHA256, blocks: 0 };

    /// Takes in what has come since the last time.
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let (blocks, _) = self.unread(bytes).as_chunks();
        self.hash.compress(blocks);
        self.blocks += blocks.len();
    }

    /// The identity of the whole.
    pub(super) fn finish(self, bytes: &[u8]) -> [u8; 16] {
        let hash = finish(self.hash, self.blocks, &[self.unread(bytes)]).bytes();
        hash.first_chunk().copied().unwrap_or_default()
    }

    fn unread<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        bytes.get(HASHED + self.blocks * 64..).unwrap_or_default()
    }
}

/// Writes its identity in a segment that is otherwise complete.
pub(super) fn identify(bytes: &mut [u8]) {
    let identity = Identifier::NEW.finish(bytes);
    bytes[MAGIC.len()..HASHED].copy_from_slice(&identity);
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], InvalidSegment> {
    let (taken, rest) = bytes.split_first_chunk().ok_or(InvalidSegment::Truncated)?;
    *bytes = rest;
    Ok(*taken)
}

fn number<const N: usize>(bytes: &mut &[u8]) -> Result<u64, InvalidSegment> {
    Ok(take::<N>(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
}
