//! What the ledger answers, or whoever wrote to the data centre's cache. A delta that can be read is written so that it reads the
//! same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quash_core::{Reason, ledger::Delta};

fuzz_target!(|input: &[u8]| {
    let Ok(delta) = Delta::parse(input) else { return };
    let rows: Vec<_> = delta.rows.collect();
    assert_eq!(rows.len(), delta.rows.len());
    let written = delta.header.write(&rows);
    assert!(written == input || rows.iter().any(|row| row.reason == Reason::Other));
    let again = Delta::parse(&written).unwrap();
    assert_eq!((&again.header, again.rows.collect::<Vec<_>>()), (&delta.header, rows));
});
