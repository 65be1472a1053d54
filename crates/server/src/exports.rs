//! The exports. A host calls one at a time: nothing here calls back. Texts are the input, one behind the other; times are in
//! milliseconds since the epoch.

#![expect(
    unsafe_code,
    reason = "an export by its name is `unsafe` in case two have the same; nothing here is dereferenced"
)]

use std::cell::RefCell;

use quash_core::{Timestamp, ledger::Span};

use crate::host::{Host, Status};

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
    /// What is wrong with the options, where there is no host.
    static PROBLEM: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Where to write the texts that the next call is about, `length` bytes in all. What has been written stays.
#[unsafe(no_mangle)]
extern "C" fn input(length: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        if input.len() < length {
            input.resize(length, 0);
        }
        input.as_mut_ptr()
    })
}

/// Where the text is that the last call left, until the next one.
#[unsafe(no_mangle)]
extern "C" fn text() -> *const u8 {
    with_text(str::as_ptr)
}

/// How many bytes that has.
#[unsafe(no_mangle)]
extern "C" fn text_length() -> usize {
    with_text(str::len)
}

/// The value that the last call left.
#[unsafe(no_mangle)]
extern "C" fn value() -> f64 {
    HOST.with_borrow(|host| host.as_ref().map_or(0., |host| host.value))
}

/// The number that the last call left.
#[unsafe(no_mangle)]
extern "C" fn number() -> u32 {
    HOST.with_borrow(|host| host.as_ref().map_or(0, |host| host.number))
}

/// Input: the options. Leaves what is wrong with them.
#[unsafe(no_mangle)]
extern "C" fn configure(options: usize) -> Status {
    match with_texts([options], |[options]| Host::new(options)) {
        Ok(host) => {
            HOST.set(Some(host));
            Status::Done
        }
        Err(problem) => {
            PROBLEM.set(problem);
            Status::Problem
        }
    }
}

/// Input: a token that the host has verified. `arrived` is when somebody asked, also when this begins again.
#[unsafe(no_mangle)]
extern "C" fn judge(token: usize, is_strict: bool, arrived: f64, now: f64) -> Status {
    with_texts([token], |[token]| with_host(|host| host.judge(token, is_strict, timestamp(arrived), timestamp(now))))
}

/// Input: the token that was looked up, and what the store has of it: `KEY ENTRY` on each line.
#[unsafe(no_mangle)]
extern "C" fn found(token: usize, lines: usize, now: f64) -> Status {
    with_texts([token, lines], |[token, lines]| with_host(|host| host.found(token, Some(lines), timestamp(now))))
}

/// Input: the token that was looked up, while the store has not answered.
#[unsafe(no_mangle)]
extern "C" fn not_found(token: usize, now: f64) -> Status {
    with_texts([token], |[token]| with_host(|host| host.found(token, None, timestamp(now))))
}

/// Whether there is something to read while nobody waits for it.
#[unsafe(no_mangle)]
extern "C" fn is_due() -> bool {
    HOST.with_borrow(|host| host.as_ref().is_some_and(Host::is_due))
}

/// Asks for the next part of the log to read.
#[unsafe(no_mangle)]
extern "C" fn next_read(now: f64) -> Status {
    with_host(|host| host.next_read(timestamp(now)))
}

/// Input: the log's epoch in hexadecimal digits, and the rows of a part of it: `KEY ENTRY` on each line.
#[unsafe(no_mangle)]
extern "C" fn answered(number: u32, epoch: usize, lines: usize, from: f64, to: f64, head: f64, now: f64) {
    let span = Span { from: from as u64, to: to as u64 };
    with_texts([epoch, lines], |[epoch, lines]| {
        with_host(|host| {
            host.answered(number, epoch, span, head as u64, lines, timestamp(now));
            Status::Done
        })
    });
}

/// A part of the log could not be read.
#[unsafe(no_mangle)]
extern "C" fn failed(number: u32, now: f64) {
    with_host(|host| {
        host.failed(number, timestamp(now));
        Status::Done
    });
}

/// Input: what this server has revoked, `KEY ENTRY` on each line.
#[unsafe(no_mangle)]
extern "C" fn record(lines: usize, now: f64) {
    with_texts([lines], |[lines]| {
        with_host(|host| {
            host.record(lines, timestamp(now));
            Status::Done
        })
    });
}

/// Input: a token that the host has verified. Leaves its revocation, unless it is dead.
#[unsafe(no_mangle)]
extern "C" fn revocation(token: usize, now: f64) -> Status {
    with_texts([token], |[token]| with_host(|host| host.revocation(token, timestamp(now))))
}

/// Input: what is to be revoked. Leaves the revocation, unless it is of a token that is dead.
#[unsafe(no_mangle)]
extern "C" fn revocation_of(wanted: usize, now: f64) -> Status {
    with_texts([wanted], |[wanted]| with_host(|host| host.revocation_of(wanted, timestamp(now))))
}

/// Input: a key, and two entries of it. Leaves what they come to.
#[unsafe(no_mangle)]
extern "C" fn merge(key: usize, one: usize, other: usize) -> Status {
    with_texts([key, one, other], |[key, one, other]| with_host(|host| host.merge(key, one, other)))
}

fn with_host(call: impl FnOnce(&mut Host) -> Status) -> Status {
    HOST.with_borrow_mut(|host| host.as_mut().map_or(Status::Problem, call))
}

fn with_text<T>(call: impl FnOnce(&str) -> T) -> T {
    HOST.with_borrow(|host| match host {
        Some(host) => call(&host.text),
        None => PROBLEM.with_borrow(|problem| call(problem)),
    })
}

/// The texts of the input. JavaScript encodes them as nothing but UTF-8.
fn with_texts<const N: usize, T>(lengths: [usize; N], call: impl FnOnce([&str; N]) -> T) -> T {
    INPUT.with_borrow(|input| {
        let mut rest = input.as_slice();
        call(lengths.map(|length| {
            let (text, behind) = rest.split_at_checked(length).unwrap_or_default();
            rest = behind;
            simdutf8::basic::from_utf8(text).unwrap_or_default()
        }))
    })
}

fn timestamp(millis: f64) -> Timestamp {
    Timestamp::from_millis(millis as u64)
}
