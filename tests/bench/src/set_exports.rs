//! The sets as exports of the same module. One instance makes what others load, each one set, since a memory never shrinks.

#![expect(
    unsafe_code,
    reason = "an export by its name is `unsafe` in case two have the same; nothing here is dereferenced"
)]

use std::cell::RefCell;

use quash_core::{ledger::Part, segment::Slice};

use crate::sets::{self, FirstSync, Set, Slices};

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static OUTPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static SYNC: RefCell<Option<FirstSync>> = const { RefCell::new(None) };
    static SET: RefCell<Option<Set>> = const { RefCell::new(None) };
}

/// What [`next_part`] says of the head, and when nothing is left to read.
const HEAD: i32 = -1;
const NOTHING: i32 = -2;

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

/// Makes an answer of a ledger with so many rows, and tells its length.
#[unsafe(no_mangle)]
extern "C" fn make_delta(rows: u32, part: i32) -> usize {
    let part = u64::try_from(part).map_or(Part::Head, Part::Page);
    put_out(sets::delta(rows, part))
}

/// Makes the segment of a slice, and tells its length: none when it cannot.
#[unsafe(no_mangle)]
extern "C" fn make_segment(count: u32, slice: u8) -> usize {
    put_out(Slice::new(slice).and_then(|slice| sets::segment(count, slice).ok()).unwrap_or_default())
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
    SYNC.replace(FirstSync::begin().ok());
    SYNC.with_borrow(Option::is_some)
}

/// The page to read next.
#[unsafe(no_mangle)]
extern "C" fn next_part() -> i32 {
    SYNC.with_borrow_mut(|sync| match sync.as_mut().and_then(FirstSync::next_part) {
        None => NOTHING,
        Some(Part::Head) => HEAD,
        Some(Part::Page(page)) => page as i32,
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

/// Input: a segment. From now on it and those of other slices are asked, and no more the one of its slice that was there.
#[unsafe(no_mangle)]
extern "C" fn load_slice() -> bool {
    SET.with_borrow_mut(|set| {
        if !matches!(set, Some(Set::Segments(_))) {
            *set = Some(Set::Segments(Slices::default()));
        }
        let Some(Set::Segments(slices)) = set else { return false };
        slices.load(INPUT.take()).is_ok()
    })
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
extern "C" fn members(count: u32) -> u32 {
    SET.with_borrow(|set| set.as_ref().map_or(0, |set| set.members(count)))
}

/// See [`Set::strangers`].
#[unsafe(no_mangle)]
extern "C" fn strangers(first: f64, count: u32) -> u32 {
    SET.with_borrow(|set| set.as_ref().map_or(0, |set| set.strangers(first as u64, count)))
}
