//! What this crate's unit tests share: two issuers, tokens of the first, and ids.

use std::{format, string::String, vec};

use core::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{
    Algorithm, HostKey, Issuer, Issuers, Key, Pepper, Peppers, Refusal, RevocationId, Timestamp, UnverifiedToken,
    Verification, VerifiedToken,
};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_000_000);
pub(crate) const SECRET: &[u8] = b"a secret of thirty-two bytes, no less";
pub(crate) const HEADER: &str = r#"{"alg":"HS256","kid":"k"}"#;

pub(crate) fn pepper(byte: u8) -> Pepper {
    Pepper::new(&[byte; 32]).unwrap()
}

pub(crate) fn peppers(bytes: &[u8]) -> Peppers {
    Peppers::new(bytes.iter().copied().map(pepper).collect()).unwrap()
}

pub(crate) fn hmac_key() -> Key {
    Key::hs256(Some("k".into()), SECRET).unwrap()
}

/// An issuer with a leeway of 5 s, whose tokens live 900 s at most.
pub(crate) fn issuer(name: &str) -> Issuer {
    Issuer {
        leeway: Duration::from_secs(5),
        audiences: vec!["api".into(), "web".into()],
        ..Issuer::new(name, Duration::from_secs(900))
    }
}

/// `a` with an HMAC key and `b` with one that the host holds, named under the pepper of ones.
pub(crate) fn issuers() -> Issuers {
    issuers_under(&peppers(&[1]))
}

pub(crate) fn issuers_under(peppers: &Peppers) -> Issuers {
    let other = vec![Key::held_by_host(None, Algorithm::Es256, HostKey(7))];
    Issuers::new(vec![(issuer("a"), vec![hmac_key()]), (issuer("b"), other)], peppers).unwrap()
}

/// A payload of issuer `a`, in force at [`NOW`], with `rest` behind it.
pub(crate) fn payload(rest: &str) -> String {
    format!(r#"{{"iss":"a","aud":"api","iat":999900,"exp":1000100{rest}}}"#)
}

pub(crate) fn sign(header: &str, payload: &str) -> String {
    let input = format!("{}.{}", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(payload));
    let mac = Hmac::<Sha256>::new_from_slice(SECRET).unwrap().chain_update(&input);
    format!("{input}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

pub(crate) fn verify(issuers: &Issuers, text: &str) -> Result<VerifiedToken, Refusal> {
    match issuers.verify(UnverifiedToken::parse(text)?)? {
        Verification::Verified(token) => Ok(token),
        Verification::Ask(check) => panic!("asked about {:?}", check.key()),
    }
}

/// As random as a real one, of a session.
pub(crate) fn random_id(number: u64) -> RevocationId {
    let mix = |number: u64| {
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    };
    let halves = [mix(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)), mix(!number)];
    RevocationId::new(3, (u128::from(halves[0]) << 64 | u128::from(halves[1])).to_be_bytes())
}
