//! What is promised holds, and if a host does its part wrong it is seen.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use quash_sim::{Breakage, Plan, Setup, Tally, World, run, shrunk};

const STEPS: u64 = 10_000;

#[test]
fn what_is_promised_holds() {
    let mut tally = Tally::default();
    for seed in 0..50 {
        if let Err(failure) = run(seed, STEPS, Breakage::None, &mut tally) {
            let story = shrunk(seed, STEPS, Breakage::None).unwrap();
            panic!("seed {seed} fails {failure}:\n{}", story.lines.join("\n"));
        }
    }
    // Or else it says nothing: requests are decided, without a store, though much goes wrong; the bound is needed.
    assert!(tally.decided > 50_000 && tally.refused > 1000 && tally.revoked > 10_000, "{tally:?}");
    assert!(tally.cache_reads > 10_000 && tally.staleness > 0.8, "{tally:?}");
    assert!(tally.lifted > 400, "{tally:?}");
    assert!(tally.segments > 2000 && tally.confirmations > 500, "{tally:?}");
}

/// One data centre costs the ledger a read in half the bound, however many isolates it has, and requests do not wait for it.
#[test]
fn in_quiet_times_one_isolate_asks_for_all_and_nobody_waits() {
    let mut tally = Tally::default();
    for seed in 0..4 {
        let setup = Setup::calm(seed);
        let plan = Plan::new(setup).filter(|planned| planned.is_use());
        World::new(setup, Breakage::None).run(plan, 5 * STEPS, &mut tally).unwrap();
    }
    // And all of them once at the start, when there is no copy yet.
    assert!((tally.root_reads - 4 * 24) as f64 / tally.intervals < 1.2, "{tally:?}");
    assert!(
        tally.at_once as f64 / tally.decided as f64 > 0.99 && tally.refused == 0 && tally.store_reads == 0,
        "{tally:?}"
    );
}

#[test]
fn the_same_seed_goes_the_same_way() {
    let tally = || {
        let mut tally = Tally::default();
        run(7, STEPS, Breakage::None, &mut tally).unwrap();
        format!("{tally:?}")
    };
    assert_eq!(tally(), tally());
}

/// The first of a hundred seeds that shows it.
fn seen(breakage: Breakage) -> (u64, String) {
    let failure = |seed| Some((seed, run(seed, STEPS, breakage, &mut Tally::default()).err()?.what));
    (0..100).find_map(failure).unwrap_or_else(|| panic!("nobody sees {breakage:?}"))
}

macro_rules! is_seen {
    ($($name:ident: $breakage:ident,)*) => {
        $(#[test]
        fn $name() {
            let (seed, what) = seen(Breakage::$breakage);
            println!("{seed}: {what}");
            assert!(["P1: ", "P3: ", "P4: "].iter().any(|promise| what.starts_with(promise)), "{what}");
        })*
    };
}

is_seen! {
    that_misses_of_workers_kv_are_relied_on_is_seen: NegativeCache,
    that_a_sync_is_not_awaited_is_seen: NotAwaited,
    that_the_age_of_a_copy_is_ignored_is_seen: CopyAgeIgnored,
    that_a_gap_is_ignored_is_seen: GapIgnored,
    that_the_head_told_by_a_page_is_ignored_is_seen: HeadIgnored,
    that_new_shards_are_ignored_is_seen: ShardsIgnored,
    that_what_a_segment_says_is_ignored_is_seen: DoubtsIgnored,
    that_a_segment_is_ignored_is_seen: SlicesIgnored,
    that_what_nobody_has_seen_is_lifted_is_seen: UnseenLifted,
    that_a_revocation_is_taken_for_an_older_one_is_seen: LiftsIgnored,
    that_an_append_goes_where_nobody_looks_any_more_is_seen: SealsIgnored,
    that_there_are_new_shards_which_know_of_no_lift_is_seen: RaisesIgnored,
}

#[test]
fn that_a_segment_alone_has_somebody_refused_is_seen() {
    let (_, what) = seen(Breakage::DoubtsRelied);
    assert!(what.ends_with("which nobody has revoked"), "{what}");
}

#[test]
fn that_a_revocation_was_not_undone_is_seen() {
    let (_, what) = seen(Breakage::LiftsLost);
    assert!(what.ends_with("of which that was undone"), "{what}");
}

#[test]
fn a_story_is_as_short_as_can_be() {
    let (seed, _) = seen(Breakage::GapIgnored);
    let story = shrunk(seed, STEPS, Breakage::GapIgnored).unwrap();
    assert!(story.plan.len() < 12, "{:#?}", story.lines);
    assert!(story.lines.last().unwrap().contains("FAILURE: P1"), "{:#?}", story.lines);
    println!("{}", story.lines.join("\n"));
}
