//! What a browser sends instead of a token. The fuzzer cannot make a MAC, so each input is tried as it is, and as a body with
//! the right tag behind it.
#![no_main]

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use quash_core::RevocationHandle;
use quash_fuzz::{NOW, PEPPERS, SECRET, mac};

fuzz_target!(|input: &[u8]| {
    if let Ok(text) = str::from_utf8(input) {
        opens(text);
    }
    let tag = mac(SECRET, &[b"quash/handle/v1\0", input].concat());
    let text = BASE64_URL_SAFE_NO_PAD.encode([input, &tag[..16]].concat());
    let is_body = matches!(input, [1, count @ 0..=8, items @ ..] if items.len() == usize::from(*count) * (16 + 8));
    assert_eq!(opens(&text), is_body);
});

/// Whether the text is a handle. If so, it is the only spelling of it, and revokes for the future alone.
fn opens(text: &str) -> bool {
    let Ok(handle) = RevocationHandle::open(text, &PEPPERS) else { return false };
    assert_eq!(handle.seal(&PEPPERS), text);
    assert!(handle.revocations(NOW).all(|revocation| revocation.expires_at > NOW));
    assert_eq!(handle.revocations(NOW).count() == 0, handle.expires_at() <= NOW);
    true
}
