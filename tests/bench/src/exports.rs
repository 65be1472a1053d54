//! The cases as exports of a module that imports nothing: a host needs no glue, and adds none to what is measured. Each
//! returns whether it came out as it should.

#![expect(
    unsafe_code,
    reason = "an export by its name is `unsafe` in case two have the same; nothing here is dereferenced"
)]

use crate::cases;

#[unsafe(no_mangle)]
extern "C" fn parse(iterations: u32) -> bool {
    cases::parse(iterations).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn id(iterations: u32) -> bool {
    cases::id(iterations).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn verdict(iterations: u32) -> bool {
    cases::verdict(iterations).is_ok()
}

#[unsafe(no_mangle)]
extern "C" fn pipeline(iterations: u32) -> bool {
    cases::pipeline(iterations).is_ok()
}
