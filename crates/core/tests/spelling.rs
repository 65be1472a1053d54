//! One token has one spelling: whatever is accepted is what its parts are when they are encoded again.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use std::cell::Cell;

use base64::{
    Engine,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
    prelude::BASE64_URL_SAFE_NO_PAD,
};
use proptest::{collection::vec, prelude::*, sample::select, test_runner::TestRunner};
use quash_core::UnverifiedToken;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Takes whatever any decoder takes: padding or none, and spare bits of any value.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The payload's and the signature's lengths decide how many spare bits there are.
fn token() -> impl Strategy<Value = String> {
    ("[a-z]{0,8}", vec(any::<u8>(), 0..8)).prop_map(|(subject, signature)| {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let payload = format!(r#"{{"sub":"{subject}"}}"#);
        [encode(br#"{"alg":"HS256"}"#), encode(payload.as_bytes()), encode(&signature)].join(".")
    })
}

#[test]
fn parsing_and_encoding_again_is_the_identity() {
    let letter = || select("AQgwEIMZaz09-_+/=. \n\u{e9}".chars().collect::<Vec<_>>());
    let change = (any::<prop::sample::Index>(), 0..3u8, letter());
    let accepted = Cell::new((0u32, 0u32));
    let config = ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(20_000) };
    let result = TestRunner::new(config).run(&(token(), vec(change, 0..3)), |(token, changes)| {
        let mut letters: Vec<char> = token.chars().collect();
        for (at, how, letter) in &changes {
            match how {
                0 => letters.insert(at.index(letters.len() + 1), *letter),
                1 => {
                    let at = at.index(letters.len());
                    letters[at] = *letter;
                }
                _ => drop(letters.remove(at.index(letters.len()))),
            }
        }
        let text: String = letters.into_iter().collect();
        if UnverifiedToken::parse(&text).is_ok() {
            let parts: Vec<_> = text.split('.').map(|part| LENIENT.decode(part).unwrap()).collect();
            let again: Vec<_> = parts.iter().map(|part| BASE64_URL_SAFE_NO_PAD.encode(part)).collect();
            prop_assert_eq!(again.join("."), text);
            let (unchanged, changed) = accepted.get();
            accepted.set(if changes.is_empty() { (unchanged + 1, changed) } else { (unchanged, changed + 1) });
        }
        Ok(())
    });
    if let Err(failure) = result {
        panic!("{failure}");
    }
    // Changed signatures and subjects are tokens, too; a property that met none would have said nothing.
    let (unchanged, changed) = accepted.get();
    assert!(unchanged > 1_000 && changed > 200, "only {unchanged} and {changed} tokens were accepted");
}
