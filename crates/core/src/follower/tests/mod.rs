mod editions;
mod log;

use std::vec::Vec;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::{
    Cover, Cutoff, Reason,
    ledger::{Delta, Header, Part, ShardCount, ShardHistory, Span},
};

const CLOSED: WhenStale = WhenStale::Closed;
/// Between the two of it a sync is due, at the default bound of 5 s.
const DUE: (u64, u64) = (2500, 3750);

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + millis)
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn revocation(byte: u8) -> Revocation {
    let (id, cover) = (RevocationId::from_bytes([byte; 16]), Cover::everyone(Cutoff::Always));
    Revocation { id, cover, expires_at: at(900_000), revoked_at: at(0), reason: Reason::Logout }
}

fn is_known(follower: &Follower, byte: u8) -> bool {
    follower.lookup(&revocation(byte).id).is_some()
}

/// The answer of a shard of a ledger that has had these counts.
fn answer(shard: u8, counts: &[u8], head: u64, rows: &[Revocation]) -> Vec<u8> {
    let history = if shard == 0 { ShardHistory::from_counts(counts) } else { None };
    let span = Part::Head.span(head);
    Header { shard, epoch: 7, span, head, edition: None, history }.write(rows)
}

fn reads(follower: &mut Follower, sync: SyncId, now: Timestamp) -> Vec<Read> {
    core::iter::from_fn(|| follower.next_read(sync, now)).collect()
}

/// Makes all reads of a sync, of a ledger without rows.
fn complete(follower: &mut Follower, sync: SyncId, counts: &[u8], now: Timestamp) {
    loop {
        let reads = reads(follower, sync, now);
        if reads.is_empty() {
            return;
        }
        for read in reads {
            let bytes = answer(read.shard, counts, 0, &[]);
            follower.answered(&read, &Delta::parse(&bytes).unwrap(), None, now);
        }
    }
}

fn sync(follower: &mut Follower, now: Timestamp) -> SyncId {
    match follower.ask(now, CLOSED, now) {
        Step::Sync(sync) | Step::Decide { refresh: Some(sync), .. } => sync,
        step => panic!("{step:?}"),
    }
}

/// One that has read a ledger of one shard at 0.
fn fresh() -> Follower {
    let mut follower = Follower::new(Terms::default(), 1);
    let first = sync(&mut follower, at(0));
    complete(&mut follower, first, &[1], at(0));
    follower
}

fn source(follower: &mut Follower, when_stale: WhenStale, now: Timestamp) -> Source {
    match follower.ask(now, when_stale, now) {
        Step::Decide { source, .. } => source,
        step => panic!("{step:?}"),
    }
}

#[test]
fn the_first_reads_the_others_look_again() {
    let mut follower = Follower::new(Terms::default(), 1);
    assert_eq!(follower.age(at(0)), None);
    let Step::Sync(sync) = follower.ask(at(0), CLOSED, at(0)) else { panic!() };
    assert_eq!(follower.ask(at(0), CLOSED, at(10)), Step::Wait(millis(25)));
    assert_eq!(follower.ask(at(0), CLOSED, at(400)), Step::Wait(millis(200)));
    let read = follower.next_read(sync, at(400)).unwrap();
    assert_eq!(follower.next_read(sync, at(400)), None);
    assert_eq!((read.part, read.epoch, read.direct, read.asked_at), (Part::Head, None, false, at(400)));
    let bytes = answer(0, &[1], 1, &[revocation(5)]);
    follower.answered(&read, &Delta::parse(&bytes).unwrap(), None, at(500));
    assert_eq!(follower.ask(at(0), CLOSED, at(500)), Step::Decide { source: Source::Fresh, refresh: None });
    assert_eq!((follower.age(at(500)), follower.live().len()), (Some(millis(100)), 1));
    assert!(is_known(&follower, 5) && !is_known(&follower, 6));
}

#[test]
fn is_fresh_for_as_long_as_allowed_and_reads_again_before() {
    let mut follower = fresh();
    assert_eq!(follower.ask(at(0), CLOSED, at(DUE.0 - 1)), Step::Decide { source: Source::Fresh, refresh: None });
    let Step::Decide { source: Source::Fresh, refresh: Some(sync) } = follower.ask(at(0), CLOSED, at(DUE.1)) else {
        panic!()
    };
    // Only one is asked to.
    assert_eq!(follower.ask(at(0), CLOSED, at(DUE.1)), Step::Decide { source: Source::Fresh, refresh: None });
    let read = follower.next_read(sync, at(DUE.1)).unwrap();
    assert_eq!(source(&mut follower, CLOSED, at(4500)), Source::Fresh);
    assert!(matches!(follower.ask(at(5001), CLOSED, at(5001)), Step::Sync(_)));
    // What comes late counts all the same.
    let bytes = answer(0, &[1], 0, &[]);
    follower.answered(&read, &Delta::parse(&bytes).unwrap(), None, at(5002));
    assert_eq!(follower.age(at(5002)), Some(millis(5002 - DUE.1)));
    assert_eq!(source(&mut follower, CLOSED, at(5002)), Source::Fresh);
}

#[test]
fn isolates_are_not_due_at_the_same_moment() {
    let due = |seed| {
        let follower = Follower::new(Terms::default(), seed);
        follower.due_after.as_millis() as u64
    };
    let all: Vec<_> = (0..1000).map(|seed| due(u64::wrapping_mul(seed, 0x9e37_79b9_7f4a_7c15))).collect();
    assert!(all.iter().all(|due| (DUE.0..=DUE.1).contains(due)));
    // One in sixteen is in the first half.
    let early = all.iter().filter(|due| **due < (DUE.0 + DUE.1) / 2).count();
    assert!((40..90).contains(&early), "{early}");
}

#[test]
fn a_sync_that_hangs_is_given_up_and_two_are_an_outage() {
    let mut follower = Follower::new(Terms::default(), 1);
    let first = sync(&mut follower, at(0));
    assert!(matches!(follower.ask(at(0), CLOSED, at(999)), Step::Wait(_)));
    let Step::Sync(second) = follower.ask(at(0), CLOSED, at(1000)) else { panic!() };
    assert_ne!(first, second);
    assert_eq!(follower.next_read(first, at(1000)), None);
    assert!(matches!(follower.ask(at(0), CLOSED, at(1100)), Step::Wait(_)));
    let Step::Sync(third) = follower.ask(at(0), CLOSED, at(2000)) else { panic!() };
    assert_eq!(follower.ask(at(2000), CLOSED, at(2000)), Step::Refuse { retry_after: millis(1000) });
    complete(&mut follower, third, &[1], at(2100));
    assert_eq!(source(&mut follower, CLOSED, at(2100)), Source::Fresh);
    // All is forgotten.
    sync(&mut follower, at(8000));
    assert!(matches!(follower.ask(at(8000), CLOSED, at(8010)), Step::Wait(_)));
}

#[test]
fn nobody_waits_for_longer_than_three_seconds() {
    let mut follower = Follower::new(Terms::default(), 1);
    sync(&mut follower, at(2500));
    assert!(matches!(follower.ask(at(0), CLOSED, at(2999)), Step::Wait(_)));
    assert!(matches!(follower.ask(at(0), CLOSED, at(3000)), Step::Refuse { .. }));
    assert!(matches!(follower.ask(at(3001), CLOSED, at(3000)), Step::Refuse { .. }));
}

#[test]
fn what_happens_without_the_ledger_is_the_routes_choice() {
    let mut follower = fresh();
    let first = sync(&mut follower, at(6000));
    for read in reads(&mut follower, first, at(6000)) {
        follower.failed(&read, at(6100));
    }
    let hour = WhenStale::LastKnownGood(millis(3_600_000));
    assert_eq!(follower.ask(at(6100), CLOSED, at(6100)), Step::Refuse { retry_after: millis(1000) });
    assert_eq!(source(&mut follower, hour, at(6100)), Source::LastKnownGood(millis(6100)));
    assert_eq!(source(&mut follower, WhenStale::DangerOpen, at(6100)), Source::None);
    assert!(matches!(follower.ask(at(6100), WhenStale::LastKnownGood(millis(6099)), at(6100)), Step::Refuse { .. }));
    // A quarter of a second later one tries again, and nobody waits for it.
    assert!(matches!(follower.ask(at(6349), CLOSED, at(6349)), Step::Refuse { .. }));
    let Step::Sync(second) = follower.ask(at(6350), CLOSED, at(6350)) else { panic!() };
    assert_eq!(source(&mut follower, hour, at(6351)), Source::LastKnownGood(millis(6351)));
    assert!(matches!(follower.ask(at(6351), CLOSED, at(6351)), Step::Refuse { .. }));
    for read in reads(&mut follower, second, at(6351)) {
        follower.failed(&read, at(6400));
    }
    // Twice as long.
    assert!(matches!(follower.ask(at(6899), CLOSED, at(6899)), Step::Refuse { .. }));
    assert!(matches!(follower.ask(at(6900), hour, at(6900)), Step::Sync(_)));
    assert_eq!(Source::LastKnownGood(millis(1)).name(), "last_known_good");
    assert!(Source::None.is_degraded() && !Source::Fresh.is_degraded());
}

#[test]
fn there_is_no_last_known_good_where_nothing_is_known() {
    let mut follower = Follower::new(Terms::default(), 1);
    let first = sync(&mut follower, at(0));
    for read in reads(&mut follower, first, at(0)) {
        follower.failed(&read, at(0));
    }
    let hour = WhenStale::LastKnownGood(millis(3_600_000));
    assert!(matches!(follower.ask(at(0), hour, at(0)), Step::Refuse { .. }));
    assert_eq!(source(&mut follower, WhenStale::DangerOpen, at(0)), Source::None);
}

#[test]
fn a_copy_is_as_old_as_its_clock_may_be_wrong() {
    let mut follower = fresh();
    let sync = sync(&mut follower, at(DUE.1));
    let read = follower.next_read(sync, at(DUE.1)).unwrap();
    let now = DUE.1 + 10;
    let usable = |copied_at| follower.is_usable(&read, at(copied_at), at(now));
    // Half of the bound, with 200 ms for the clocks.
    let oldest = now - 2300;
    assert_eq!([usable(oldest - 1), usable(oldest), usable(now)], [false, true, true]);
    // A clock that is farther ahead than any may be.
    assert_eq!([usable(now + 200), usable(now + 201)], [true, false]);
    let direct = Read { direct: true, ..read };
    assert!(!follower.is_usable(&direct, at(now), at(now)));
    let page = Read { part: Part::Page(0), ..read };
    assert!(follower.is_usable(&page, at(0), at(now)));

    let bytes = answer(0, &[1], 0, &[]);
    follower.answered(&read, &Delta::parse(&bytes).unwrap(), Some(at(now + 100)), at(now));
    assert_eq!(follower.age(at(now)), Some(millis(200)));
    // Now it is no newer than what is known.
    assert!(!follower.is_usable(&read, at(now), at(now)) && follower.is_usable(&read, at(now + 1), at(now + 1)));
}

#[test]
fn an_older_copy_will_do_while_requests_wait() {
    let mut follower = fresh();
    let sync = sync(&mut follower, at(9000));
    let read = follower.next_read(sync, at(9000)).unwrap();
    let usable = |copied_at| follower.is_usable(&read, at(copied_at), at(9000));
    assert_eq!([usable(4199), usable(4200)], [false, true]);
}

#[test]
fn shards_that_the_root_tells_of_are_read_before_it_counts() {
    let mut follower = fresh();
    let sync = sync(&mut follower, at(4000));
    let root = follower.next_read(sync, at(4000)).unwrap();
    let bytes = answer(0, &[1, 3], 0, &[]);
    follower.answered(&root, &Delta::parse(&bytes).unwrap(), None, at(4100));
    assert_eq!(follower.age(at(4100)), Some(millis(4100)));
    let new = reads(&mut follower, sync, at(4100));
    assert_eq!(new.iter().map(|read| read.shard).collect::<Vec<_>>(), [1, 2]);
    for (read, age) in new.iter().zip([4200, 200]) {
        let bytes = answer(read.shard, &[], 1, &[revocation(read.shard)]);
        follower.answered(read, &Delta::parse(&bytes).unwrap(), None, at(4200));
        assert_eq!(follower.age(at(4200)), Some(millis(age)));
    }
    assert!(is_known(&follower, 1) && is_known(&follower, 2));
}

#[test]
fn the_oldest_shard_counts_and_the_others_are_not_read_again() {
    let terms = Terms { shards: ShardCount::new(2).unwrap(), ..Terms::default() };
    let mut follower = Follower::new(terms, 1);
    let first = sync(&mut follower, at(0));
    complete(&mut follower, first, &[2], at(0));
    let second = sync(&mut follower, at(4000));
    let both = reads(&mut follower, second, at(4000));
    let bytes = answer(0, &[2], 0, &[]);
    follower.answered(&both[0], &Delta::parse(&bytes).unwrap(), None, at(4100));
    // An answer of another shard is none.
    follower.answered(&both[1], &Delta::parse(&bytes).unwrap(), None, at(4100));
    assert_eq!(follower.age(at(4100)), Some(millis(4100)));
    let third = sync(&mut follower, at(4400));
    assert_eq!(reads(&mut follower, third, at(4400)).iter().map(|read| read.shard).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_copy_of_a_page_is_followed_by_the_ledgers_own_head() {
    let mut follower = fresh();
    let sync = sync(&mut follower, at(4000));
    let tell = |follower: &mut Follower, read: &Read, from, to, head| {
        let history = ShardHistory::from_counts(&[1]);
        let bytes = Header { shard: 0, epoch: 7, span: Span { from, to }, head, edition: None, history }.write([]);
        follower.answered(read, &Delta::parse(&bytes).unwrap(), None, at(4100));
    };
    let head = follower.next_read(sync, at(4000)).unwrap();
    tell(&mut follower, &head, 2048, 4000, 4000);
    let page = follower.next_read(sync, at(4100)).unwrap();
    assert_eq!((page.part, page.epoch, page.direct), (Part::Page(0), Some(7), false));
    tell(&mut follower, &page, 0, 2048, 4005);
    let head = follower.next_read(sync, at(4100)).unwrap();
    assert_eq!((head.part, head.direct), (Part::Head, true));
    assert_eq!(follower.age(at(4100)), Some(millis(4100)));
    // If even that tells less, something is wrong, and is not asked for ever.
    tell(&mut follower, &head, 2048, 4003, 4003);
    assert_eq!((follower.next_read(sync, at(4100)), follower.is_in_trouble()), (None, true));
    tell(&mut follower, &head, 2048, 4005, 4005);
    assert_eq!((follower.age(at(4100)), follower.next_read(sync, at(4100))), (Some(millis(0)), None));
}

#[test]
fn a_copy_that_says_nothing_is_not_the_last_word() {
    let mut follower = fresh();
    let sync = sync(&mut follower, at(4000));
    let read = follower.next_read(sync, at(4000)).unwrap();
    // One that cannot be read.
    follower.copy_failed(&read, at(4010));
    let own = follower.next_read(sync, at(4010)).unwrap();
    assert_eq!(own, Read { direct: true, asked_at: at(4010), ..read });
    // One that is about another shard.
    let bytes = answer(1, &[], 0, &[]);
    follower.answered(&own, &Delta::parse(&bytes).unwrap(), Some(at(4010)), at(4020));
    let own = follower.next_read(sync, at(4020)).unwrap();
    assert_eq!((own.direct, own.part), (true, Part::Head));
    // But if it is the ledger itself that says nothing, it has failed.
    follower.answered(&own, &Delta::parse(&bytes).unwrap(), None, at(4030));
    assert_eq!((follower.next_read(sync, at(4030)), follower.is_in_trouble()), (None, true));
}

#[test]
fn a_clock_that_is_set_back_makes_nothing_younger() {
    let mut follower = fresh();
    let sync = sync(&mut follower, at(3900));
    let late = follower.next_read(sync, at(3900)).unwrap();
    let Step::Sync(again) = follower.ask(at(3000), CLOSED, at(3000)) else { panic!() };
    assert_eq!(follower.age(at(3000)), None);
    // What was asked for by the old clock is known, and counts for nothing.
    let bytes = answer(0, &[1], 1, &[revocation(5)]);
    follower.answered(&late, &Delta::parse(&bytes).unwrap(), None, at(3010));
    assert!(is_known(&follower, 5) && !follower.is_fresh(at(3010)));
    complete(&mut follower, again, &[1], at(3020));
    assert_eq!(source(&mut follower, CLOSED, at(3020)), Source::Fresh);
}

#[test]
fn a_clock_that_was_wrong_by_more_than_the_margin_has_everything_read_again() {
    let reads_pages = |set_back: u64| {
        let mut follower = fresh();
        let tell = |follower: &mut Follower, from, to, now: u64| {
            let sync = sync(follower, at(now));
            let read = follower.next_read(sync, at(now)).unwrap();
            let history = ShardHistory::from_counts(&[1]);
            let bytes =
                Header { shard: 0, epoch: 7, span: Span { from, to }, head: to, edition: None, history }.write([]);
            follower.answered(&read, &Delta::parse(&bytes).unwrap(), None, at(now));
            follower.next_read(sync, at(now)).is_some()
        };
        assert!(!tell(&mut follower, 0, 2000, 70_000) && !tell(&mut follower, 1024, 3000, 80_000));
        tell(&mut follower, 1024, 3000, 80_000 - set_back)
    };
    assert_eq!([reads_pages(60_000), reads_pages(60_001)], [false, true]);
}

#[test]
fn what_was_revoked_here_is_known_at_once_and_through_a_reset() {
    let mut follower = fresh();
    follower.record(&[revocation(9)], at(10));
    assert!(is_known(&follower, 9));
    let sync = sync(&mut follower, at(4000));
    let read = follower.next_read(sync, at(4000)).unwrap();
    let history = ShardHistory::from_counts(&[1]);
    let bytes = Header { shard: 0, epoch: 8, span: Span { from: 0, to: 0 }, head: 0, edition: None, history }.write([]);
    follower.answered(&read, &Delta::parse(&bytes).unwrap(), None, at(4100));
    assert!(is_known(&follower, 9) && follower.age(at(4100)) == Some(millis(100)));
}

#[test]
fn terms_have_a_least_bound() {
    assert_eq!(Terms::within(millis(999)), None);
    assert_eq!(Terms::within(millis(1000)).unwrap().max_staleness, millis(1000));
}
