//! Sets of revocations, as an isolate has them in memory: Quash's own, and a peer's. And what each is loaded from, as it comes
//! from elsewhere: an isolate builds none of them.

use core::{error::Error, time::Duration};

use quash_core::{
    RevocationId, Timestamp,
    follower::{Follower, Read, Source, Step, SyncId, Terms, WhenStale},
    ledger::{Delta, Part},
    segment::Segment,
};
use xorf::{BinaryFuse16, BinaryFuse16Ref, DmaSerializable, Filter, FilterRef};

/// When a first sync is made.
pub const NOW: Timestamp = Timestamp::from_secs(1_795_469_000);

/// Those of targets that a token has as its own, or shares with few others.
const TOKEN: u8 = 1;
const SESSION: u8 = 3;
const SUBJECT: u8 = 4;

/// The first of the ids that no set has, and the first of those of tokens, which none has either.
const ABSENT: u64 = 1 << 40;
const OF_TOKENS: u64 = 1 << 41;

/// What the ids of a set name.
#[derive(Clone, Copy)]
pub enum Kinds {
    /// Sessions that ended.
    Sessions,
    /// Sessions, 70 %; single tokens, 25 %; subjects, 5 %.
    Mixed,
}

impl Kinds {
    /// The id with this number.
    pub fn id(self, number: u64) -> RevocationId {
        let kind = match (self, number % 20) {
            (Self::Sessions, _) | (Self::Mixed, ..14) => SESSION,
            (Self::Mixed, 14..19) => TOKEN,
            (Self::Mixed, _) => SUBJECT,
        };
        id(number, kind)
    }
}

/// As random as a real one, which is a MAC: two numbers of SplitMix64.
fn id(number: u64, kind: u8) -> RevocationId {
    let mix = |number: u64| {
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    };
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&mix(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)).to_be_bytes());
    bytes[8..].copy_from_slice(&(mix(!number) & !0xf | u64::from(kind)).to_be_bytes());
    RevocationId::from_bytes(bytes)
}

/// A binary fuse filter with fingerprints of 16 bits, of so many sessions: its descriptor, then the fingerprints.
///
/// # Errors
/// When it cannot be built.
pub fn fuse(count: u32) -> Result<Vec<u8>, &'static str> {
    let keys: Vec<_> = (0..count.into()).map(|number| key(&Kinds::Sessions.id(number))).collect();
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
    /// That of a follower: exact, or by segments, whose "yes" the ledger has to confirm.
    Live(Box<Follower>),
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

    /// How many it knows of so many members, from the number `first` on: all of them.
    pub fn members(&self, kinds: Kinds, first: u64, count: u32) -> u32 {
        self.known((first..first + u64::from(count)).map(|number| kinds.id(number)))
    }

    /// How many it takes for members of so many sessions that are none. Each `first` is the start of others.
    pub fn strangers(&self, first: u64, count: u32) -> u32 {
        self.members(Kinds::Sessions, ABSENT + first, count)
    }

    fn known(&self, ids: impl Iterator<Item = RevocationId>) -> u32 {
        let known = match self {
            Self::Live(follower) => ids.filter(|id| follower.lookup(id).is_some() || is_in_doubt(follower, id)).count(),
            Self::Fuse(filter) => ids.filter(|id| filter.contains(&key(id))).count(),
        };
        known as u32
    }

    /// About how many of so many tokens the ledger is asked, though none is revoked: those that have an id in doubt, or several,
    /// for which it is asked at once. None where there are no segments.
    ///
    /// Each has three ids that no other has: its own, its session's and its subject's. Those of its issuer, its client and its
    /// key are left out: many tokens have the same ones, and once the ledger has been asked for one, that is remembered.
    pub fn confirming_reads(&self, tokens: u32) -> u32 {
        let Self::Live(follower) = self else { return 0 };
        let needs_one = |token: &u64| {
            let numbers = OF_TOKENS + 3 * token..;
            [TOKEN, SESSION, SUBJECT]
                .into_iter()
                .zip(numbers)
                .any(|(kind, number)| is_in_doubt(follower, &id(number, kind)))
        };
        (0..u64::from(tokens)).filter(needs_one).count() as u32
    }
}

fn is_in_doubt(follower: &Follower, id: &RevocationId) -> bool {
    !follower.doubts([*id]).is_empty()
}

/// A follower that reads the ledger.
pub struct Syncing {
    follower: Box<Follower>,
    sync: SyncId,
    now: Timestamp,
    read: Option<Read>,
}

impl Syncing {
    /// A new follower's first sync, for which somebody waits.
    ///
    /// # Errors
    /// Never: who knows nothing has to read.
    pub fn first() -> Result<Self, &'static str> {
        let mut follower = Box::new(Follower::new(Terms::default(), 1));
        let Step::Sync(sync) = follower.ask(NOW, WhenStale::Closed, NOW) else { return Err("nothing to read") };
        Ok(Self { follower, sync, now: NOW, read: None })
    }

    /// A later one of a follower, so long after its first, for which nobody waits.
    ///
    /// # Errors
    /// When it is no follower's set, or too early, or too late.
    pub fn refresh(set: Set, after: Duration) -> Result<Self, &'static str> {
        let Set::Live(mut follower) = set else { return Err("no follower") };
        let now = NOW.plus(after);
        let Step::Decide { source: Source::Fresh, refresh: Some(sync) } = follower.ask(now, WhenStale::Closed, now)
        else {
            return Err("nothing to refresh");
        };
        Ok(Self { follower, sync, now, read: None })
    }

    /// What to read next.
    pub fn next_part(&mut self) -> Option<Part> {
        self.read = self.follower.next_read(self.sync, self.now);
        Some(self.read?.part)
    }

    /// The ledger's answer to that, which is copied as the engine copies it.
    ///
    /// # Errors
    /// When it is none, or nothing was asked.
    pub fn answered(&mut self, bytes: &[u8]) -> Result<(), Box<dyn Error>> {
        let read = self.read.take().ok_or("nothing was asked")?;
        match read.part {
            Part::Segment { .. } => self.follower.loaded(&read, Segment::parse(bytes.into())?, false, self.now),
            _ => self.follower.answered(&read, &Delta::parse(bytes)?, None, self.now),
        }
        Ok(())
    }

    /// What is known now.
    ///
    /// # Errors
    /// When requests could not be decided by it yet.
    pub fn finish(mut self) -> Result<Set, &'static str> {
        match self.follower.ask(self.now, WhenStale::Closed, self.now) {
            Step::Decide { source: Source::Fresh, refresh: None } => Ok(Set::Live(self.follower)),
            _ => Err("not everything was read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use quash_core::segment::Slice;

    use super::*;
    use crate::ledger::Ledger;

    const COUNT: u32 = 40_000;

    fn answer(ledger: &Ledger, part: Part) -> Vec<u8> {
        match part {
            Part::Segment { slice, .. } => ledger.segment(Slice::new(slice).unwrap()).unwrap(),
            part => ledger.delta(part),
        }
    }

    /// Makes the reads of a sync, and tells of how many segments they were.
    fn complete(mut syncing: Syncing, ledger: &Ledger) -> (Set, usize) {
        let mut segments = 0;
        while let Some(part) = syncing.next_part() {
            syncing.answered(&answer(ledger, part)).unwrap();
            segments += usize::from(matches!(part, Part::Segment { .. }));
        }
        (syncing.finish().unwrap(), segments)
    }

    fn published(kinds: Kinds) -> Ledger {
        let mut ledger = Ledger::new(kinds, COUNT);
        ledger.publish();
        ledger
    }

    fn cold(ledger: &Ledger) -> Set {
        complete(Syncing::first().unwrap(), ledger).0
    }

    #[test]
    fn each_set_knows_all_of_its_members_and_few_others() {
        let live = cold(&Ledger::new(Kinds::Sessions, COUNT));
        let segments = cold(&published(Kinds::Sessions));
        let fuse = Set::from_fuse(fuse(COUNT).unwrap()).unwrap();
        for (set, fewest, most) in [(live, 0, 0), (segments, 10, 40), (fuse, 0, 10)] {
            assert_eq!(set.members(Kinds::Sessions, 0, COUNT), COUNT);
            assert!((fewest..=most).contains(&set.strangers(7, 100_000)));
        }
    }

    #[test]
    fn a_mix_costs_no_reads() {
        let reads = [Kinds::Sessions, Kinds::Mixed].map(|kinds| {
            let set = cold(&published(kinds));
            assert_eq!(set.members(kinds, 0, COUNT), COUNT);
            set.confirming_reads(200_000)
        });
        // One in 4096: 49, give or take seven.
        assert!(reads.iter().all(|reads| (21..77).contains(reads)), "{reads:?}");
        assert_eq!(cold(&Ledger::new(Kinds::Mixed, COUNT)).confirming_reads(200_000), 0);
    }

    #[test]
    fn seven_of_ten_are_sessions_and_one_of_four_a_token() {
        let mut counts = [0; 16];
        (0..1000).for_each(|number| counts[usize::from(Kinds::Mixed.id(number).kind())] += 1);
        assert_eq!([TOKEN, SESSION, SUBJECT].map(|kind| counts[usize::from(kind)]), [250, 700, 50]);
    }

    #[test]
    fn one_that_lives_on_takes_a_later_edition_over() {
        let mut ledger = published(Kinds::Sessions);
        let mut set = cold(&ledger);
        ledger.append(1000);
        ledger.publish();
        let mut segments = 0;
        for round in 1..=31 {
            let syncing = Syncing::refresh(set, Duration::from_secs(4 * round)).unwrap();
            let (next, read) = complete(syncing, &ledger);
            (set, segments) = (next, segments + read);
        }
        assert_eq!(segments, usize::from(Slice::COUNT));
        assert_eq!(set.members(Kinds::Sessions, 1000, COUNT), COUNT);
        // What went meanwhile is known no more.
        assert!(set.members(Kinds::Sessions, 0, 1000) < 10);
    }

    #[test]
    fn a_first_sync_that_was_not_answered_is_none() {
        let ledger = Ledger::new(Kinds::Sessions, COUNT);
        let mut syncing = Syncing::first().unwrap();
        let part = syncing.next_part().unwrap();
        syncing.answered(&answer(&ledger, part)).unwrap();
        assert!(syncing.answered(&answer(&ledger, part)).is_err() && syncing.finish().is_err());
    }
}
