//! The exports. A host calls one at a time: nothing here calls back.

#![expect(
    unsafe_code,
    reason = "an export by its name is `unsafe` in case two have the same; nothing here is dereferenced"
)]

use std::cell::{Cell, RefCell};

use quash_engine::{Error, Fetched, Head};

use crate::{
    host::{Asked, Host, Status, duration, timestamp},
    registers::{Registers, Span},
};

/// What [`begin`] adds to its status.
const DUE: u32 = 0x100;

/// What may be asked about besides requests.
const FORWARDED: u32 = 1;
const TOKEN: u32 = 2;
const CHANGE: u32 = 3;

thread_local! {
    static INPUT: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
    static REGISTERS: Cell<Registers> = const { Cell::new(Registers::EMPTY) };
    static HOST: RefCell<Option<Host>> = const { RefCell::new(None) };
    /// What is wrong with the variables: the registers point at it.
    static PROBLEM: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Where to write the texts that the next call is about, `length` bytes in all.
#[unsafe(no_mangle)]
extern "C" fn input(length: usize) -> *mut u8 {
    INPUT.with_borrow_mut(|input| {
        if input.len() < length {
            input.resize(length, 0);
        }
        input.as_mut_ptr()
    })
}

/// Where the registers are.
#[unsafe(no_mangle)]
extern "C" fn registers() -> *const Registers {
    REGISTERS.with(|registers| registers.as_ptr().cast_const())
}

/// Input: the variables. Leaves the settings; or what is wrong with the variables, and no engine. `seed` is random, below 1.
#[unsafe(no_mangle)]
extern "C" fn configure(variables: usize, seed: f64) -> Status {
    match with_texts([variables], |[variables]| Host::new(text(variables), seed.to_bits())) {
        Ok(host) => {
            HOST.set(Some(host));
            with_host(|_| Status::Done)
        }
        Err(wrong) => {
            let text = wrong.to_string();
            REGISTERS.set(Registers { text: Span::of(text.as_bytes()), ..Registers::EMPTY });
            PROBLEM.set(text);
            Status::Answer
        }
    }
}

/// Input: URL, `Authorization`, `Cookie`; a header that is not there is empty. The value is a [`Status`], and [`DUE`] besides
/// when there may be something to do while requests go on. `asked` is what they are of: 0 for a request, [`CHANGE`] for one with
/// another method than `GET` or `HEAD`, [`FORWARDED`] for one that a proxy asks about, [`TOKEN`] for a token alone. `arrived` is when the request did, also when it begins again.
#[unsafe(no_mangle)]
extern "C" fn begin(
    url: usize,
    authorization: usize,
    cookie: usize,
    is_preflight: bool,
    asked: u32,
    arrived: f64,
    now: f64,
) -> u32 {
    let (arrived, now) = (timestamp(arrived), timestamp(now));
    let asked = match asked {
        FORWARDED => Asked::Forwarded,
        TOKEN => Asked::Token,
        CHANGE => Asked::Change,
        _ => Asked::Request,
    };
    with_texts([url, authorization, cookie], |[url, authorization, cookie]| {
        let header = |bytes| Some(text(bytes)).filter(|text| !text.is_empty());
        let head = Head { url: text(url), is_preflight, authorization: header(authorization), cookie: header(cookie) };
        let mut is_due = false;
        let status = with_host(|host| {
            let status = host.begin(asked, &head, arrived, now);
            is_due = host.is_due(now);
            status
        });
        status as u32 | if is_due { DUE } else { 0 }
    })
}

/// Whether the signature of a pending check is right.
#[unsafe(no_mangle)]
extern "C" fn checked(pending: u32, valid: bool, now: f64) -> Status {
    with_host(|host| host.checked(pending, valid, timestamp(now)))
}

/// Input: the entries found, `KEY ENTRY` on each line; why there may be others, if so; the counts of shards, if they were told.
#[unsafe(no_mangle)]
extern "C" fn looked_up(pending: u32, found: usize, outage: usize, counts: usize, now: f64) -> Status {
    with_texts([found, outage, counts], |texts| {
        with_host(|host| host.looked_up(pending, texts.map(text), timestamp(now)))
    })
}

/// Asks for what is to be done while requests go on.
#[unsafe(no_mangle)]
extern "C" fn due(now: f64) -> Status {
    with_host(|host| host.due(timestamp(now)))
}

/// Input: the copy of a part of the ledger, that was asked for at `copied_at`.
#[unsafe(no_mangle)]
extern "C" fn copied(number: u32, copy: usize, copied_at: f64, now: f64) -> Status {
    with_texts([copy], |[copy]| with_host(|host| host.copied(number, copy, timestamp(copied_at), timestamp(now))))
}

/// Input: a part of the ledger, as it answered.
#[unsafe(no_mangle)]
extern "C" fn answered(number: u32, answer: usize, now: f64) -> Status {
    with_texts([answer], |[answer]| with_host(|host| host.answered(number, Ok(answer), timestamp(now))))
}

/// Input: why the ledger has not answered.
#[unsafe(no_mangle)]
extern "C" fn not_answered(number: u32, problem: usize, now: f64) -> Status {
    with_texts([problem], |[problem]| {
        with_host(|host| host.answered(number, Err(text(problem).to_owned()), timestamp(now)))
    })
}

/// Input: a document's body and its `Cache-Control`; and in milliseconds, how old it was when it was read, and how long ago that was.
#[unsafe(no_mangle)]
extern "C" fn fetched(pending: u32, body: usize, cache_control: usize, age: f64, kept: f64, now: f64) -> Status {
    with_texts([body, cache_control], |[body, cache_control]| {
        let cache_control = Some(text(cache_control));
        let fetched = Fetched { body, cache_control, age: duration(age), kept: duration(kept) };
        with_host(|host| host.fetched(pending, Ok(fetched), timestamp(now)))
    })
}

/// Whether the signature of a document is right.
#[unsafe(no_mangle)]
extern "C" fn list_checked(pending: u32, valid: bool, now: f64) -> Status {
    with_host(|host| host.list_checked(pending, valid, timestamp(now)))
}

/// Input: what was to be inflated.
#[unsafe(no_mangle)]
extern "C" fn inflated(pending: u32, bytes: usize, now: f64) -> Status {
    with_texts([bytes], |[bytes]| with_host(|host| host.inflated(pending, bytes, timestamp(now))))
}

/// Input: why a document could not be read, or inflated.
#[unsafe(no_mangle)]
extern "C" fn not_fetched(pending: u32, problem: usize, now: f64) -> Status {
    with_texts([problem], |[problem]| {
        with_host(|host| host.fetched(pending, Err(text(problem).to_owned()), timestamp(now)))
    })
}

/// Leaves a key, as WebCrypto imports it, unless it has been withdrawn.
#[unsafe(no_mangle)]
extern "C" fn key(number: u32) -> Status {
    with_host(|host| host.key(number))
}

/// Input: what was revoked, `KEY ENTRY` on each line.
#[unsafe(no_mangle)]
extern "C" fn record(lines: usize, now: f64) {
    with_texts([lines], |[lines]| {
        with_host(|host| {
            host.record(text(lines), timestamp(now));
            Status::Done
        })
    });
}

/// Asks after a request that was let in and arrived then. Input: its token. Leaves the answer, should that have been revoked here since.
#[unsafe(no_mangle)]
extern "C" fn confirm(token: usize, arrived: f64, now: f64) -> Status {
    with_texts([token], |[token]| with_host(|host| host.confirm(text(token), timestamp(arrived), timestamp(now))))
}

/// Leaves the answer to a request whose origin does not answer.
#[unsafe(no_mangle)]
extern "C" fn origin_failed() -> Status {
    with_host(|host| host.refuse(&Error::OriginUnreachable))
}

/// Leaves the answer to a request that the platform does not serve. Input: why.
#[unsafe(no_mangle)]
extern "C" fn platform_failed(problem: usize) -> Status {
    with_texts([problem], |[problem]| with_host(|host| host.refuse(&Error::Platform(text(problem).into()))))
}

/// Leaves the answer to a request whose signature cannot be checked with this key. Input: why.
#[unsafe(no_mangle)]
extern "C" fn key_failed(number: u32, problem: usize) -> Status {
    with_texts([problem], |[problem]| with_host(|host| host.key_failed(number, text(problem))))
}

/// What was decided under another version might be decided otherwise now.
#[unsafe(no_mangle)]
extern "C" fn version() -> u32 {
    HOST.with_borrow(|host| host.as_ref().map_or(0, Host::version))
}

fn with_host(call: impl FnOnce(&mut Host) -> Status) -> Status {
    HOST.with_borrow_mut(|host| {
        let Some(host) = host else { return Status::Done };
        let status = call(host);
        REGISTERS.set(host.registers);
        status
    })
}

/// The texts of the input, one behind the other.
fn with_texts<const N: usize, T>(lengths: [usize; N], call: impl FnOnce([&[u8]; N]) -> T) -> T {
    INPUT.with_borrow(|input| {
        let mut rest = input.as_slice();
        call(lengths.map(|length| {
            let (text, behind) = rest.split_at_checked(length).unwrap_or_default();
            rest = behind;
            text
        }))
    })
}

/// JavaScript encodes texts as nothing but UTF-8.
fn text(bytes: &[u8]) -> &str {
    simdutf8::basic::from_utf8(bytes).unwrap_or_default()
}
