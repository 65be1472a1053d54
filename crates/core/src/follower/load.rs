use alloc::vec::Vec;
use core::time::Duration;

use super::{
    Follower, Read, Shard, SyncId,
    segments::Load,
    sync::{Work, work_after},
};
use crate::{
    Revocation, RevocationId, Timestamp,
    ledger::{Edition, Part},
    segment::{Segment, Slice, Snapshot},
};

/// Within what time the isolates that are in step take over a new edition. Each draws when, so that the first one of a data centre
/// has been heard by the others, through its cache, and nobody asks the ledger for as much all at once.
const TAKEN_OVER_WITHIN: Duration = Duration::from_secs(120);

/// How long it is remembered that the ledger has no more under an id than is known.
const REMEMBERED_FOR: Duration = Duration::from_secs(3600);

/// An id that may be revoked, by a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The shard to ask.
    pub shard: u8,
    /// For this.
    pub id: RevocationId,
    /// The segment's log, and its edition.
    epoch: u64,
    seq: u64,
}

impl Follower {
    /// Why a token with these ids may be revoked, where they are not [known](Self::lookup) to be: [segments](crate::segment) say so,
    /// each wrongly as often as it says. Nobody may be let in with such an id, nor refused for it, before what their shards have
    /// under it was [told](Self::confirm).
    pub fn doubts(&self, ids: impl IntoIterator<Item = RevocationId>) -> Vec<Doubt> {
        if !self.has_segments {
            return Vec::new();
        }
        let is_open = |id: &RevocationId| !self.live.is_whole(id);
        ids.into_iter().filter(is_open).flat_map(|id| self.segments_with(id)).collect()
    }

    /// Takes what the shards of these doubts have under their ids: all of their answers. Whatever was published since they were asked
    /// may know of something else, and the doubt remains.
    pub fn confirm(&mut self, doubts: &[Doubt], rows: &[Revocation], now: Timestamp) {
        self.record(rows, now);
        for Doubt { id, .. } in doubts {
            if self.segments_with(*id).all(|doubt| doubts.contains(&doubt)) {
                self.live.complete(id, now.plus(REMEMBERED_FOR), now);
            }
        }
    }

    fn segments_with(&self, id: RevocationId) -> impl Iterator<Item = Doubt> {
        let doubt = move |&Snapshot { shard, epoch, seq, .. }| Doubt { shard, id, epoch, seq };
        self.shards
            .iter()
            .filter_map(move |shard| shard.segments.find(&id))
            .map(move |segment| doubt(segment.snapshot()))
    }

    /// How many revocations are known, exactly or by segments.
    pub fn len(&self) -> usize {
        self.live.len() + self.shards.iter().map(|shard| shard.segments.len()).sum::<usize>()
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.live.is_empty() && !self.has_segments
    }

    /// A segment that was read: the ledger's own answer, or a copy. The host goes on with [`next_read`](Self::next_read).
    pub fn loaded(&mut self, read: &Read, segment: Segment, is_copy: bool, now: Timestamp) {
        self.watch(now);
        let Some(shard) = self.shards.get_mut(usize::from(read.shard)) else { return };
        let epoch = shard.position.epoch();
        let Some(load) = shard.load.as_mut().filter(|load| Some(load.epoch) == epoch) else { return };
        let Part::Segment { seq, slice } = read.part else { return };
        let of = |slice| Snapshot { shard: read.shard, epoch: load.epoch, seq, slice };
        if load.edition.seq != seq || !load.lacks(slice) {
            return;
        }
        if Slice::new(slice).map(of).as_ref() != Some(segment.snapshot()) {
            return self.useless_segment(read, is_copy, now);
        }
        let (is_complete, is_awaited) = (load.has_come(slice), shard.work == Work::Loading);
        self.has_segments = true;
        let (is_behind, resets) = (shard.position.reached() < seq, shard.position.resets());
        shard.segments.put(resets, segment);
        if let Some(load) = shard.load.take_if(|_| is_complete) {
            shard.segments.complete(resets, load.edition);
            let next = shard.position.loaded(load.edition);
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
            Some(Read { sync, shard: index as u8, part, epoch: Some(load.epoch), direct, asked_at: now })
        })
    }

    /// Begins to read an edition, if that or a later one is not being read.
    pub(super) fn load(&mut self, shard: usize, edition: Edition) {
        let shard = &mut self.shards[shard];
        let Some(epoch) = shard.position.epoch() else { return };
        if shard.load.as_ref().is_none_or(|load| load.edition.seq < edition.seq) {
            let there = shard.segments.of(shard.position.resets(), edition.seq);
            shard.load = Some(Load::new(epoch, edition, there));
        }
    }

    /// Takes note of an edition, in step: it says nothing new, in less memory.
    pub(super) fn learn_edition(&mut self, shard: usize, edition: Edition, now: Timestamp) {
        let wait = TAKEN_OVER_WITHIN * (self.random() >> 48) as u32 / (1 << 16);
        let Shard { segments, position, load, takes_over, .. } = &mut self.shards[shard];
        if load.is_none() && segments.is_older(position.resets(), edition) {
            let at = takes_over.map_or(now.plus(wait), |(at, _)| at);
            *takes_over = Some((at, edition));
        }
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

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, vec::Vec};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Cover, Cutoff, Reason,
        follower::{Source, Step, Terms, WhenStale},
        ledger::{Delta, Header, ShardCount, ShardHistory},
        segment::{Builder, ONE_IN},
    };

    const ALWAYS: Cover = Cover::everyone(Cutoff::Always);
    const EPOCH: u64 = 7;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000 + millis)
    }

    /// As random as a real one, of a session.
    fn id(number: u64) -> RevocationId {
        let mix = |number: u64| {
            let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            number ^ (number >> 31)
        };
        let halves = [mix(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)), mix(!number)];
        let number = u128::from(halves[0]) << 64 | u128::from(halves[1]);
        RevocationId::from_bytes((number & !15 | 3).to_be_bytes())
    }

    fn revocation(number: u64, cover: Cover) -> Revocation {
        Revocation { id: id(number), cover, expires_at: at(900_000), revoked_at: at(0), reason: Reason::Logout }
    }

    /// The log of the only shard, which numbers ids as they are numbered here, and its last edition.
    struct Log {
        epoch: u64,
        rows: BTreeMap<u64, Revocation>,
        edition: Option<Edition>,
        segments: BTreeMap<u8, Vec<u8>>,
    }

    impl Log {
        fn of(count: u64) -> Self {
            let rows = (1..=count).map(|number| (number, revocation(number, ALWAYS))).collect();
            Self { epoch: EPOCH, rows, edition: None, segments: BTreeMap::new() }
        }

        fn publish(&mut self) {
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

        fn head(&self) -> u64 {
            self.rows.keys().last().copied().unwrap_or(0)
        }

        /// Answers a read, as the ledger itself.
        fn answer(&self, follower: &mut Follower, read: &Read, now: Timestamp) {
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
        fn complete(&self, follower: &mut Follower, sync: SyncId, now: Timestamp) -> Vec<Part> {
            let mut parts = Vec::new();
            while let Some(read) = follower.next_read(sync, now) {
                parts.push(read.part);
                self.answer(follower, &read, now);
            }
            parts
        }
    }

    fn awaited(follower: &mut Follower, now: Timestamp) -> SyncId {
        match follower.ask(now, WhenStale::Closed, now) {
            Step::Sync(sync) => sync,
            step => panic!("{step:?}"),
        }
    }

    fn refresh(follower: &mut Follower, now: Timestamp) -> SyncId {
        match follower.ask(now, WhenStale::Closed, now) {
            Step::Decide { source: Source::Fresh, refresh: Some(sync) } => sync,
            step => panic!("{step:?}"),
        }
    }

    /// One that has read this log at 0.
    fn in_step(log: &Log) -> Follower {
        let mut follower = Follower::new(Terms::default(), 1);
        let sync = awaited(&mut follower, at(0));
        log.complete(&mut follower, sync, at(0));
        follower
    }

    /// A new one that has read the head of this log.
    fn begun(log: &Log) -> (Follower, SyncId) {
        let mut follower = Follower::new(Terms::default(), 1);
        let sync = awaited(&mut follower, at(0));
        let head = follower.next_read(sync, at(0)).unwrap();
        log.answer(&mut follower, &head, at(0));
        (follower, sync)
    }

    fn is_in_doubt(follower: &Follower, number: u64) -> bool {
        !follower.doubts([id(number)]).is_empty()
    }

    fn confirm<const N: usize>(follower: &mut Follower, numbers: [u64; N], rows: &[Revocation], now: Timestamp) {
        let doubts = follower.doubts(numbers.map(id));
        follower.confirm(&doubts, rows, now);
    }

    /// Of what was revoked, what is known exactly, and what only by a segment.
    fn known(follower: &Follower, count: u64) -> (usize, usize) {
        let is_known = |number: &u64| follower.lookup(&id(*number)).is_some();
        let exactly = (1..=count).filter(is_known).count();
        let by_a_segment = (1..=count).filter(|number| !is_known(number) && is_in_doubt(follower, *number)).count();
        assert_eq!(exactly + by_a_segment, count as usize);
        (exactly, by_a_segment)
    }

    /// Lets it refresh until it takes over an edition, and tells how many segments it read.
    fn take_over(follower: &mut Follower, log: &Log) -> usize {
        for round in 1..60 {
            let now = at(round * 4000);
            let sync = refresh(follower, now);
            let parts = log.complete(follower, sync, now);
            assert_eq!(parts[0], Part::Head);
            let segments = parts.iter().filter(|part| matches!(part, Part::Segment { .. })).count();
            if segments > 0 {
                return segments;
            }
        }
        panic!("it never does")
    }

    #[test]
    fn a_new_one_reads_segments_and_goes_on_where_they_end() {
        let mut log = Log::of(5000);
        log.publish();
        log.rows.extend((5001..=9000).map(|number| (number, revocation(number, ALWAYS))));
        let (mut follower, sync) = begun(&log);
        // Some at a time, and nothing counts before all are there.
        let mut segments = 0;
        loop {
            let reads: Vec<_> = core::iter::from_fn(|| follower.next_read(sync, at(20))).collect();
            if !matches!(reads[0].part, Part::Segment { seq: 5000, .. }) {
                assert_eq!(reads.iter().map(|read| read.part).collect::<Vec<_>>(), [Part::Page(4)]);
                assert_eq!((follower.age(at(20)), segments), (None, 64));
                log.answer(&mut follower, &reads[0], at(20));
                break;
            }
            assert!(reads.len() <= 6 && reads.iter().all(|read| read.epoch == Some(EPOCH) && !read.direct));
            assert!(matches!(follower.ask(at(0), WhenStale::Closed, at(20)), Step::Wait(_)));
            segments += reads.len();
            reads.iter().for_each(|read| log.answer(&mut follower, read, at(20)));
        }
        assert_eq!(follower.age(at(20)), Some(Duration::ZERO));
        let (exactly, by_a_segment) = known(&follower, 9000);
        // Those above, and those on their page, or of the head, that lie below.
        assert!((4000..=5000).contains(&by_a_segment) && exactly >= 4000, "{exactly} {by_a_segment}");
        assert!((4950..=5000).contains(&(follower.len() - follower.live().len())));
        let strangers = (1_000_000..1_100_000).filter(|number| is_in_doubt(&follower, *number)).count();
        assert!((5..60).contains(&strangers), "{strangers}");
    }

    #[test]
    fn one_in_step_takes_an_edition_over_when_nobody_waits() {
        let mut log = Log::of(5000);
        let mut follower = in_step(&log);
        log.publish();
        log.rows.insert(5001, revocation(5001, ALWAYS));
        assert_eq!(known(&follower, 5000), (5000, 0));
        // Somebody waits for this one, so it reads nothing else, however long the edition has been there.
        for time in [10_000, 400_000, 800_000] {
            let sync = awaited(&mut follower, at(time));
            assert_eq!(log.complete(&mut follower, sync, at(time)), [Part::Head]);
        }
        let sync = refresh(&mut follower, at(804_000));
        let parts = log.complete(&mut follower, sync, at(804_000));
        assert_eq!((parts.len(), parts[0]), (65, Part::Head));
        let (exactly, by_a_segment) = known(&follower, 5001);
        // All but what the head tells of each time.
        assert!(by_a_segment > 2900 && exactly <= 2049, "{exactly} {by_a_segment}");
        // It has it now.
        assert_eq!(follower.age(at(804_000)), Some(Duration::ZERO));
        for round in 1..50 {
            let now = at(804_000 + round * 4000);
            let sync = refresh(&mut follower, now);
            assert_eq!(log.complete(&mut follower, sync, now), [Part::Head]);
        }
    }

    #[test]
    fn heads_are_read_while_an_edition_is_taken_over() {
        let mut log = Log::of(5000);
        let mut follower = in_step(&log);
        log.publish();
        let mut now = 0;
        let sync = loop {
            now += 4000;
            let sync = refresh(&mut follower, at(now));
            let head = follower.next_read(sync, at(now)).unwrap();
            log.answer(&mut follower, &head, at(now));
            if follower.shards[0].load.is_some() {
                break sync;
            }
        };
        let late = follower.next_read(sync, at(now)).unwrap();
        // Its request is cancelled. The next sync reads the head, then what is missing.
        let next = refresh(&mut follower, at(now + 4000));
        assert_eq!(follower.next_read(sync, at(now + 4000)), None);
        let parts = log.complete(&mut follower, next, at(now + 4000));
        assert_eq!((parts.len(), parts[0]), (65, Part::Head));
        log.answer(&mut follower, &late, at(now + 4001));
        assert_eq!(known(&follower, 5000).1, 5000);
    }

    #[test]
    fn what_the_ledger_has_told_is_in_doubt_no_more() {
        let mut log = Log::of(5000);
        let cutoff = Cover::everyone(Cutoff::IssuedUntil(at(5)));
        log.rows.insert(5001, revocation(5001, cutoff));
        log.publish();
        let mut follower = in_step(&log);
        let stranger = (1_000_000..).find(|number| is_in_doubt(&follower, *number)).unwrap();
        for number in [1, 5001, stranger] {
            assert!(is_in_doubt(&follower, number));
        }
        confirm(&mut follower, [1, 5001, stranger], &[revocation(1, ALWAYS), revocation(5001, cutoff)], at(10));
        let cover = |follower: &Follower, number| follower.lookup(&id(number)).map(|known| known.cover);
        for number in [1, 5001, stranger] {
            assert!(!is_in_doubt(&follower, number), "{number}");
        }
        assert_eq!((cover(&follower, 1), cover(&follower, 5001)), (Some(ALWAYS), Some(cutoff)));
        assert_eq!(cover(&follower, stranger), Some(Cover::everyone(Cutoff::Nothing)));
        // What comes afterwards comes with the log.
        log.rows.insert(5002, revocation(stranger, ALWAYS));
        let sync = refresh(&mut follower, at(4000));
        log.complete(&mut follower, sync, at(4000));
        assert_eq!(cover(&follower, stranger), Some(ALWAYS));
    }

    #[test]
    fn what_was_asked_before_an_edition_was_taken_over_says_nothing_of_it() {
        let mut log = Log::of(5000);
        let cutoff = Cover::everyone(Cutoff::IssuedUntil(at(5)));
        log.publish();
        let mut follower = in_step(&log);
        let stranger = (1_000_000..).find(|number| is_in_doubt(&follower, *number)).unwrap();
        let asked = follower.doubts([id(stranger)]);
        // Meanwhile it is revoked, and that goes into an edition.
        log.rows.insert(5001, revocation(stranger, cutoff));
        log.rows.extend((5002..9000).map(|number| (number, revocation(number, ALWAYS))));
        log.publish();
        assert_eq!(take_over(&mut follower, &log), 64);
        follower.confirm(&asked, &[], at(1_000_000));
        assert!(is_in_doubt(&follower, stranger));
    }

    #[test]
    fn in_step_an_edition_leaves_what_is_not_all_or_nothing() {
        let mut log = Log::of(5000);
        log.publish();
        let mut follower = in_step(&log);
        let cutoff = Cover::everyone(Cutoff::IssuedUntil(at(5)));
        confirm(&mut follower, [1, 2], &[revocation(1, ALWAYS), revocation(2, cutoff)], at(10));
        log.rows.insert(5001, revocation(5001, ALWAYS));
        log.publish();
        assert_eq!(take_over(&mut follower, &log), 64);
        assert_eq!([1, 2, 3, 5001].map(|number| is_in_doubt(&follower, number)), [false, false, true, true]);
        // One that was far behind does not know what became of it meanwhile.
        log.rows.insert(200_000, revocation(200_000, ALWAYS));
        log.publish();
        let sync = awaited(&mut follower, at(600_000));
        let parts = log.complete(&mut follower, sync, at(600_000));
        assert_eq!((parts.len(), parts[0]), (65, Part::Head));
        assert_eq!([1, 2, 200_000].map(|number| is_in_doubt(&follower, number)), [false, true, true]);
        assert!(follower.lookup(&id(1)).is_some());
    }

    #[test]
    fn a_copy_that_is_none_is_read_from_the_ledger_and_without_that_it_fails() {
        let mut log = Log::of(5000);
        log.publish();
        let (mut follower, sync) = begun(&log);
        let read = follower.next_read(sync, at(0)).unwrap();
        assert!(follower.is_usable(&read, at(0), at(0)));
        follower.copy_failed(&read, at(0));
        let again = follower.next_read(sync, at(0)).unwrap();
        assert_eq!(again, Read { direct: true, ..read });
        // Another segment than that which was asked for.
        let other = Segment::parse(log.segments[&9].clone()).unwrap();
        follower.loaded(&again, other, false, at(10));
        assert!(follower.next_read(sync, at(10)).is_none() && follower.is_in_trouble());
        // What was asked for before is of no use any more. The next sync begins with the head again.
        let next = awaited(&mut follower, at(300));
        let parts = log.complete(&mut follower, next, at(300));
        assert_eq!((parts.len(), known(&follower, 5000).1), (65, 5000));
    }

    #[test]
    fn segments_of_another_epoch_are_not_waited_for() {
        let mut log = Log::of(5000);
        log.publish();
        let (mut follower, first) = begun(&log);
        let late = follower.next_read(first, at(0)).unwrap();
        // One that reads segments is not given up so soon.
        assert!(matches!(follower.ask(at(2000), WhenStale::Closed, at(2999)), Step::Wait(_)));
        let second = awaited(&mut follower, at(3000));
        let old = log.segments.clone();
        log.epoch = EPOCH + 1;
        log.publish();
        assert_eq!(log.complete(&mut follower, second, at(3000)).len(), 65);
        let segment = Segment::parse(old[&0].clone()).unwrap();
        follower.loaded(&late, segment, false, at(3100));
        known(&follower, 5000);
        assert_eq!(follower.age(at(3100)), Some(Duration::from_millis(100)));
    }

    #[test]
    fn a_log_that_goes_back_takes_its_segments_along() {
        let mut log = Log::of(3900);
        log.publish();
        let old = (log.edition, log.segments.clone());
        log.rows.extend((3901..=4900).map(|number| (number, revocation(number, ALWAYS))));
        log.publish();
        let mut follower = in_step(&log);
        known(&follower, 4900);
        // An old copy of it is put back, and somebody logs out.
        (log.edition, log.segments) = old;
        log.rows.retain(|number, _| *number <= 4000);
        log.rows.insert(4001, revocation(90_000, ALWAYS));
        let sync = refresh(&mut follower, at(4000));
        assert!(log.complete(&mut follower, sync, at(4000)).len() >= 65);
        assert_eq!(follower.age(at(4000)), Some(Duration::ZERO));
        known(&follower, 4000);
        assert!(follower.lookup(&id(90_000)).is_some());
    }

    #[test]
    fn what_was_revoked_here_stays_known() {
        let mut log = Log::of(5000);
        let mut follower = in_step(&log);
        let (before, after) = (revocation(1, ALWAYS), revocation(90_000, ALWAYS));
        follower.record(&[before, after], at(10));
        log.rows.insert(5001, after);
        log.rows.extend((5002..8000).map(|number| (number, revocation(number, ALWAYS))));
        log.publish();
        assert_eq!(take_over(&mut follower, &log), 64);
        assert_eq!([1, 2, 90_000].map(|number| follower.lookup(&id(number)).is_some()), [true, false, true]);
    }

    #[test]
    fn one_that_is_hardly_ever_asked_takes_an_edition_over_as_well() {
        let mut log = Log::of(5000);
        let mut follower = in_step(&log);
        log.publish();
        for time in [10_000, 400_000] {
            let sync = awaited(&mut follower, at(time));
            assert_eq!(log.complete(&mut follower, sync, at(time)), [Part::Head]);
        }
        // The same request, which goes on.
        let sync = refresh(&mut follower, at(400_000));
        assert_eq!(log.complete(&mut follower, sync, at(400_000)).len(), 64);
        assert_eq!(
            follower.ask(at(400_000), WhenStale::Closed, at(400_000)),
            Step::Decide { source: Source::Fresh, refresh: None }
        );
        assert!(known(&follower, 5000).1 > 2900 && !follower.is_in_trouble());
    }

    #[test]
    fn what_has_come_of_an_edition_is_not_read_again() {
        let mut log = Log::of(5000);
        log.publish();
        let (mut follower, first) = begun(&log);
        for _ in 0..40 {
            let read = follower.next_read(first, at(0)).unwrap();
            log.answer(&mut follower, &read, at(0));
        }
        let read = follower.next_read(first, at(0)).unwrap();
        follower.failed(&read, at(0));
        let next = awaited(&mut follower, at(300));
        // A copy of the head may be why.
        let head = follower.next_read(next, at(300)).unwrap();
        assert_eq!((head.part, head.direct), (Part::Head, true));
        log.answer(&mut follower, &head, at(300));
        // What came late of the first one is no failure of this one.
        follower.failed(&read, at(300));
        assert_eq!(log.complete(&mut follower, next, at(300)).len(), 25);
        known(&follower, 5000);
    }

    #[test]
    fn nothing_that_came_later_is_taken_back() {
        let mut log = Log::of(4000);
        log.publish();
        let earlier = (log.edition.take(), log.segments.clone());
        log.rows.extend((4001..=5000).map(|number| (number, revocation(number, ALWAYS))));
        let mut follower = in_step(&log);
        // It falls far behind, and of a later edition one segment comes.
        log.rows.insert(90_000, revocation(90_000, ALWAYS));
        log.publish();
        let sync = awaited(&mut follower, at(10_000));
        let head = follower.next_read(sync, at(10_000)).unwrap();
        log.answer(&mut follower, &head, at(10_000));
        let read = follower.next_read(sync, at(10_000)).unwrap();
        log.answer(&mut follower, &read, at(10_000));
        let Part::Segment { seq: 90_000, slice } = read.part else { panic!("{:?}", read.part) };
        let is_of_it = |number: &u64| Slice::of(&id(*number)).get() == slice;
        let lost = (4001..=5000).find(|number| is_of_it(number) && follower.lookup(&id(*number)).is_none()).unwrap();
        assert!(is_in_doubt(&follower, lost));
        let next = follower.next_read(sync, at(10_000)).unwrap();
        follower.failed(&next, at(10_000));
        // It catches up by the log, from which that edition has been withdrawn; then an old copy of the head tells of the earlier one.
        log.edition = None;
        let sync = awaited(&mut follower, at(11_000));
        log.complete(&mut follower, sync, at(11_000));
        (log.edition, log.segments) = earlier;
        for round in 1..60 {
            let now = at(11_000 + round * 4000);
            let sync = refresh(&mut follower, now);
            log.complete(&mut follower, sync, now);
        }
        assert!(is_in_doubt(&follower, lost) && follower.shards[0].load.is_none());
    }
}
