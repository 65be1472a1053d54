//! The first thing that a stranger can send. A text that is accepted is the only spelling of its token, and says to serde_json
//! what it says to us.
#![no_main]

use std::time::Duration;

use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use quash_core::{Algorithm, HostKey, Issuer, Issuers, Key, UnverifiedToken, Verification};
use quash_fuzz::{ISSUERS, PEPPERS, SECRET, mac, reading::Reading};

/// Decodes whatever another reader might: with padding or without, spare bits set or not.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

fuzz_target!(|input: &[u8]| {
    let Ok(text) = str::from_utf8(input) else { return };
    let Ok(token) = UnverifiedToken::parse(text) else { return };

    let segments: Vec<Vec<u8>> = text.split('.').map(|segment| LENIENT.decode(segment).unwrap()).collect();
    let spelling: Vec<String> = segments.iter().map(|segment| BASE64_URL_SAFE_NO_PAD.encode(segment)).collect();
    assert_eq!(spelling.join("."), text);
    assert_eq!(token.signing_input(), text.rsplit_once('.').unwrap().0.as_bytes());
    assert_eq!(token.signature(), segments[2]);
    let is_signed = token.signature() == mac(SECRET, token.signing_input());
    assert!(is_signed || ISSUERS.verify(token).is_err());

    // To an issuer as the token names it, with the key that it names, it has to be a token.
    let reading = Reading::of(&segments[0], &segments[1]);
    let Some(issuer) = reading.claim("iss") else { return };
    let algorithm = Algorithm::from_name(reading.parameter("alg").unwrap()).unwrap();
    let key = Key::held_by_host(reading.parameter("kid").map(Into::into), algorithm, HostKey(0));
    let issuers = Issuers::new(vec![(Issuer::new(issuer, Duration::ZERO), vec![key])], &PEPPERS).unwrap();
    let token = UnverifiedToken::parse(text).unwrap();
    let Verification::Ask(check) = issuers.verify(token).unwrap() else { panic!("the host holds the key") };
    reading.assert_agrees(check.answer(true).unwrap().claims());
});
