use std::vec::Vec;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    log::{ALWAYS, EPOCH, Log, revocation},
    *,
};
use crate::{
    fixtures::random_id as id,
    segment::{Segment, Slice},
};

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
fn an_edition_of_another_epoch_takes_the_place_of_a_higher_number() {
    let mut log = Log::of(5000);
    log.publish();
    let mut follower = in_step(&log);
    let mut log = log.renewed(4000);
    log.publish();
    let sync = refresh(&mut follower, at(4000));
    log.complete(&mut follower, sync, at(4000));
    let is_known = |number| is_in_doubt(&follower, number) || follower.lookup(&id(number)).is_some();
    assert!((100_001..=104_000).all(is_known) && follower.age(at(4000)) == Some(Duration::ZERO));
}

#[test]
fn nothing_that_is_known_goes_with_an_epoch() {
    let log = Log::of(5000);
    let mut follower = in_step(&log);
    let mut log = log.renewed(6000);
    log.publish();
    let sync = refresh(&mut follower, at(4000));
    assert!(log.complete(&mut follower, sync, at(4000)).len() >= 65);
    assert_eq!(known(&follower, 5000), (5000, 0));
}

#[test]
fn numbers_of_another_epoch_keep_nothing_from_making_room() {
    let log = Log::of(3000);
    let mut follower = in_step(&log);
    let sync = refresh(&mut follower, at(3900));
    let late = follower.next_read(sync, at(3900)).unwrap();
    let mut new = log.renewed(3000);
    let sync = awaited(&mut follower, at(8000));
    new.complete(&mut follower, sync, at(8000));
    // It was on its way for long.
    let mut old = Log::of(1);
    old.rows.insert(1_000_000, revocation(1, ALWAYS));
    old.answer(&mut follower, &late, at(8100));
    new.rows.extend((3001..=9000).map(|number| (number, revocation(100_000 + number, ALWAYS))));
    let sync = refresh(&mut follower, at(11_900));
    new.complete(&mut follower, sync, at(11_900));
    new.publish();
    new.rows.insert(9001, revocation(109_001, ALWAYS));
    for round in 4..60 {
        let sync = refresh(&mut follower, at(round * 4000));
        new.complete(&mut follower, sync, at(round * 4000));
    }
    let is_exact = |number: &u64| follower.lookup(&id(*number)).is_some();
    assert!((103_001..=107_000).filter(is_exact).count() < 100);
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
    // The same request, which goes on. There is no head to wait for.
    let sync = refresh(&mut follower, at(400_000));
    assert!(follower.sync.is_none());
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
