//! The sets as exports of the same module. One instance makes what others load, each one set, since a memory never shrinks.

#![expect(
    unsafe_code,
    reason = "an export by its name is `unsafe` in case two have the same; nothing here is dereferenced"
)]

use core::time::Duration;
use std::cell::RefCell;

use quash_core::{ledger::Part, segment::Slice};

use crate::{
    ledger::Ledger,
    sets::{self, Kinds, Set, Syncing},
};

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static LEDGER: RefCell<Option<Ledger>> = const { RefCell::new(None) };
    static SYNC: RefCell<Option<Syncing>> = const { RefCell::new(None) };
    static SET: RefCell<Option<Set>> = const { RefCell::new(None) };
}

/// What [`next_part`] says of the head, and when nothing is left to read. Of a page it says its number; of a segment that of its
/// slice, counted from where no log here has pages any more.
const HEAD: i32 = -1;
const NOTHING: i32 = -2;
const SEGMENTS: i32 = 1 << 30;

/// Where to write `length` bytes.
#[unsafe(no_mangle)]
extern "C" fn input(length: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        input.resize(length, 0);
        input.as_mut_ptr()
    })
}

/// Where what was made last is.
#[unsafe(no_mangle)]
extern "C" fn output() -> *const u8 {
    OUTPUT.with_borrow(|output| output.as_ptr())
}

/// Opens a ledger of so many rows.
#[unsafe(no_mangle)]
extern "C" fn open_ledger(is_mixed: bool, rows: u32) {
    LEDGER.set(Some(Ledger::new(kinds(is_mixed), rows)));
}

/// See [`Ledger::append`].
#[unsafe(no_mangle)]
extern "C" fn append(rows: u32) {
    LEDGER.with_borrow_mut(|ledger| ledger.iter_mut().for_each(|ledger| ledger.append(rows)));
}

/// See [`Ledger::publish`].
#[unsafe(no_mangle)]
extern "C" fn publish() {
    LEDGER.with_borrow_mut(|ledger| ledger.iter_mut().for_each(Ledger::publish));
}

/// Makes the ledger's answer about a part, and tells its length: none when there is none.
#[unsafe(no_mangle)]
extern "C" fn make_answer(part: i32) -> usize {
    let answer = |ledger: &Ledger| match part {
        SEGMENTS.. => ledger.segment(Slice::new(u8::try_from(part - SEGMENTS).ok()?)?),
        0.. => Some(ledger.delta(Part::Page(part as u64))),
        _ => Some(ledger.delta(Part::Head)),
    };
    put_out(LEDGER.with_borrow(|ledger| ledger.as_ref().and_then(answer)).unwrap_or_default())
}

/// Makes a binary fuse filter, and tells its length: none when it cannot.
#[unsafe(no_mangle)]
extern "C" fn make_fuse(count: u32) -> usize {
    put_out(sets::fuse(count).unwrap_or_default())
}

fn put_out(bytes: Vec<u8>) -> usize {
    OUTPUT.replace(bytes);
    OUTPUT.with_borrow(Vec::len)
}

/// Begins a first sync.
#[unsafe(no_mangle)]
extern "C" fn begin_sync() -> bool {
    begin(Syncing::first().ok())
}

/// Begins another sync of the set, so many seconds after the first.
#[unsafe(no_mangle)]
extern "C" fn begin_refresh(seconds: u32) -> bool {
    let after = Duration::from_secs(seconds.into());
    begin(SET.take().and_then(|set| Syncing::refresh(set, after).ok()))
}

fn begin(sync: Option<Syncing>) -> bool {
    SYNC.replace(sync);
    SYNC.with_borrow(Option::is_some)
}

/// The part to read next.
#[unsafe(no_mangle)]
extern "C" fn next_part() -> i32 {
    SYNC.with_borrow_mut(|sync| match sync.as_mut().and_then(Syncing::next_part) {
        None => NOTHING,
        Some(Part::Head) => HEAD,
        Some(Part::Page(page)) => page as i32,
        Some(Part::Segment { slice, .. }) => SEGMENTS + i32::from(slice),
    })
}

/// Input: the answer.
#[unsafe(no_mangle)]
extern "C" fn answered() -> bool {
    INPUT.with_borrow(|input| {
        SYNC.with_borrow_mut(|sync| sync.as_mut().is_some_and(|sync| sync.answered(input).is_ok()))
    })
}

/// Whether the sync has read everything. From now on the set is asked.
#[unsafe(no_mangle)]
extern "C" fn finish_sync() -> bool {
    put(SYNC.take().and_then(|sync| sync.finish().ok()))
}

/// Input: a binary fuse filter. From now on it is asked.
#[unsafe(no_mangle)]
extern "C" fn finish_fuse() -> bool {
    put(Set::from_fuse(INPUT.take()).ok())
}

fn put(set: Option<Set>) -> bool {
    SET.replace(set);
    SET.with_borrow(Option::is_some)
}

/// See [`Set::members`].
#[unsafe(no_mangle)]
extern "C" fn members(is_mixed: bool, first: u32, count: u32) -> u32 {
    asked(|set| set.members(kinds(is_mixed), first.into(), count))
}

/// See [`Set::strangers`].
#[unsafe(no_mangle)]
extern "C" fn strangers(first: f64, count: u32) -> u32 {
    asked(|set| set.strangers(first as u64, count))
}

/// See [`Set::confirming_reads`].
#[unsafe(no_mangle)]
extern "C" fn confirming_reads(tokens: u32) -> u32 {
    asked(|set| set.confirming_reads(tokens))
}

fn asked(what: impl FnOnce(&Set) -> u32) -> u32 {
    SET.with_borrow(|set| set.as_ref().map_or(0, what))
}

fn kinds(is_mixed: bool) -> Kinds {
    if is_mixed { Kinds::Mixed } else { Kinds::Sessions }
}
