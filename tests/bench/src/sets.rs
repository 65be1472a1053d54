//! Sets of revocations, as an isolate has them in memory: Quash's own, and a peer's. And what each is loaded from, as it comes
//! from elsewhere: an isolate builds none of them.

use core::error::Error;

use quash_core::{
    Cover, Cutoff, Reason, Revocation, RevocationId, Timestamp,
    follower::{Follower, Read, Source, Step, SyncId, Terms, WhenStale},
    ledger::{Delta, Header, MAX_ROWS, Part, ShardCount, ShardHistory},
    segment::{Builder, InvalidSegment, ONE_IN, Segment, Slice, Snapshot, Unfit},
};
use xorf::{BinaryFuse16, BinaryFuse16Ref, DmaSerializable, Filter, FilterRef};

const NOW: Timestamp = Timestamp::from_secs(1_795_469_000);
const EXPIRES_AT: Timestamp = Timestamp::from_secs(1_795_483_400);
const EPOCH: u64 = 7;

/// That of a session.
const KIND: u8 = 3;

/// The first of the ids that no set has.
const ABSENT: u64 = 1 << 40;

/// As random as a real one, which is a MAC: two numbers of SplitMix64.
pub fn id(number: u64) -> RevocationId {
    let mix = |number: u64| {
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes());
    bytes[8..].copy_from_slice(&(mix(!number) & !0xf | u64::from(KIND)).to_be_bytes());
    RevocationId::from_bytes(bytes)
}

/// What a ledger of one shard answers that has so many rows, of sessions that ended.
pub fn delta(rows: u32, part: Part) -> Vec<u8> {
    let head = u64::from(rows);
    let mut span = part.span(head);
    if span.to - span.from > MAX_ROWS as u64 {
        span = span.before(span.from + MAX_ROWS as u64 + 1);
    }
    let rows: Vec<_> = (span.from..span.to).map(|number| revocation(id(number))).collect();
    let history = Some(ShardHistory::new(ShardCount::ONE));
    Header { shard: 0, epoch: EPOCH, span, head, edition: None, history }.write(&rows)
}

fn revocation(id: RevocationId) -> Revocation {
    let cover = Cover::everyone(Cutoff::Always);
    Revocation { id, cover, expires_at: EXPIRES_AT, revoked_at: NOW, reason: Reason::Logout }
}

/// A segment of those of so many ids that are in a slice, at the usual rate.
///
/// # Errors
/// When they are too many.
pub fn segment(count: u32, slice: Slice) -> Result<Vec<u8>, Unfit> {
    let snapshot = Snapshot { shard: 0, epoch: EPOCH, seq: count.into(), slice };
    let mut builder = Builder::new(snapshot, ONE_IN);
    let mut ids = (0..count.into()).map(id).filter(|id| Slice::of(id) == slice);
    ids.try_for_each(|id| builder.push(&id))?;
    builder.finish()
}

/// A binary fuse filter with fingerprints of 16 bits, of so many ids: its descriptor, then the fingerprints.
///
/// # Errors
/// When it cannot be built.
pub fn fuse(count: u32) -> Result<Vec<u8>, &'static str> {
    let keys: Vec<_> = (0..count.into()).map(|number| key(&id(number))).collect();
    let filter = BinaryFuse16::try_from(keys)?;
    let mut bytes = vec![0; BinaryFuse16::DESCRIPTOR_LEN];
    filter.dma_copy_descriptor_to(&mut bytes);
    bytes.extend_from_slice(filter.dma_fingerprints());
    Ok(bytes)
}

fn key(id: &RevocationId) -> u64 {
    id.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// A set that has been loaded.
pub enum Set {
    /// The exact one of a follower.
    Live(Follower),
    /// Approximate ones.
    Segments(Slices),
    /// A peer's.
    Fuse(BinaryFuse16Ref<'static>),
}

impl Set {
    /// A filter from what [`fuse`] gave. It is never dropped, and not copied.
    ///
    /// # Errors
    /// When it is too short.
    pub fn from_fuse(bytes: Vec<u8>) -> Result<Self, Box<dyn Error>> {
        let bytes: &'static [u8] = bytes.leak();
        let parts = bytes.split_at_checked(BinaryFuse16::DESCRIPTOR_LEN);
        let (descriptor, fingerprints) = parts.ok_or("no descriptor")?;
        Ok(Self::Fuse(BinaryFuse16Ref::from_dma(descriptor, fingerprints)))
    }

    /// How many of the first so many members it knows: all of them.
    pub fn members(&self, count: u32) -> u32 {
        self.known(0, count)
    }

    /// How many it takes for members of so many ids that are none. Each `first` is the start of others.
    pub fn strangers(&self, first: u64, count: u32) -> u32 {
        self.known(ABSENT + first, count)
    }

    fn known(&self, first: u64, count: u32) -> u32 {
        let ids = (first..first + u64::from(count)).map(id);
        let known = match self {
            Self::Live(follower) => ids.filter(|id| follower.lookup(id).is_some()).count(),
            Self::Segments(slices) => ids.filter(|id| slices.contains(id)).count(),
            Self::Fuse(filter) => ids.filter(|id| filter.contains(&key(id))).count(),
        };
        known as u32
    }
}

/// The segments of a shard, by their slices.
pub struct Slices(Box<[Option<Segment>; Slice::COUNT as usize]>);

impl Default for Slices {
    /// None of them is known.
    fn default() -> Self {
        Self(Box::new([const { None }; _]))
    }
}

impl Slices {
    /// Puts a segment in its place, and drops the one that was there.
    ///
    /// # Errors
    /// When it is none.
    pub fn load(&mut self, bytes: Vec<u8>) -> Result<(), InvalidSegment> {
        let segment = Segment::parse(bytes)?;
        let place = usize::from(segment.snapshot().slice.get());
        self.0[place] = Some(segment);
        Ok(())
    }

    /// What is not known may be revoked.
    fn contains(&self, id: &RevocationId) -> bool {
        self.0[usize::from(Slice::of(id).get())].as_ref().is_none_or(|segment| segment.contains(id))
    }
}

/// A new follower's first sync.
pub struct FirstSync {
    follower: Follower,
    sync: SyncId,
    read: Option<Read>,
}

impl FirstSync {
    /// # Errors
    /// Never: who knows nothing has to read.
    pub fn begin() -> Result<Self, &'static str> {
        let mut follower = Follower::new(Terms::default(), 1);
        let Step::Sync(sync) = follower.ask(NOW, WhenStale::Closed, NOW) else { return Err("nothing to read") };
        Ok(Self { follower, sync, read: None })
    }

    /// What to read next.
    pub fn next_part(&mut self) -> Option<Part> {
        self.read = self.follower.next_read(self.sync, NOW);
        Some(self.read?.part)
    }

    /// The ledger's answer to that.
    ///
    /// # Errors
    /// When it is none, or nothing was asked.
    pub fn answered(&mut self, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        let read = self.read.take().ok_or("nothing was asked")?;
        self.follower.answered(&read, &Delta::parse(bytes)?, None, NOW);
        Ok(())
    }

    /// What is known now.
    ///
    /// # Errors
    /// When requests could not be decided by it yet.
    pub fn finish(mut self) -> Result<Set, &'static str> {
        match self.follower.ask(NOW, WhenStale::Closed, NOW) {
            Step::Decide { source: Source::Fresh, .. } => Ok(Set::Live(self.follower)),
            _ => Err("not everything was read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: u32 = 40_000;

    fn live() -> Result<Set, Box<dyn Error>> {
        let mut sync = FirstSync::begin()?;
        while let Some(part) = sync.next_part() {
            sync.answered(&delta(COUNT, part))?;
        }
        Ok(sync.finish()?)
    }

    #[test]
    fn each_set_knows_all_of_its_members_and_few_others() {
        let mut slices = Slices::default();
        for slice in (0..Slice::COUNT).filter_map(Slice::new) {
            slices.load(segment(COUNT, slice).unwrap()).unwrap();
        }
        let fuse = Set::from_fuse(fuse(COUNT).unwrap()).unwrap();
        for (set, most) in [(live().unwrap(), 0), (Set::Segments(slices), 40), (fuse, 10)] {
            assert_eq!(set.members(COUNT), COUNT);
            assert!(set.strangers(7, 100_000) <= most);
        }
    }

    #[test]
    fn a_first_sync_that_was_not_answered_is_none() {
        let mut sync = FirstSync::begin().unwrap();
        let part = sync.next_part().unwrap();
        sync.answered(&delta(COUNT, part)).unwrap();
        assert!(sync.answered(&delta(COUNT, part)).is_err() && sync.finish().is_err());
    }
}
