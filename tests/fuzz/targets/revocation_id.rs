//! An id is one text, and a text is one id.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quash_core::RevocationId;

fuzz_target!(|input: &[u8]| {
    if let Ok(bytes) = input.try_into() {
        let id = RevocationId::from_bytes(bytes);
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    let Ok(text) = str::from_utf8(input) else { return };
    if let Ok(id) = text.parse::<RevocationId>() {
        assert_eq!(id.to_string(), text);
    }
});
