use alloc::vec::Vec;

/// Is there a token anywhere in `text`: a compact JWS (RFC 7515 section 7.1) or JWE (RFC 7516 section 7.1), by itself, or within
/// JSON, a URL, a header's value, or JSON that is itself base64?
///
/// A token is known by its first segment, which must decode to an object with a member `alg`, and by two more segments after
/// it, the first of them not empty. That nobody takes a version number or a host name for one.
///
/// ```
/// use quash_core::logout::contains_token;
///
/// assert!(contains_token(r#"{"access_token":"eyJhbGciOiJIUzI1NiJ9.e30.c2ln"}"#));
/// assert!(!contains_token("version 1.2.3 of example.com"));
/// ```
#[must_use]
pub fn contains_token(text: &str) -> bool {
    contains(text.as_bytes(), true)
}

// Each byte is looked at a fixed number of times, whatever the text: it may be another's, and long.
fn contains(text: &[u8], look_within: bool) -> bool {
    text.split(|&byte| sextet(byte).is_none() && byte != b'.').any(|run| {
        let mut segments = run.split(|&byte| byte == b'.');
        while let Some(segment) = segments.next() {
            let mut rest = segments.clone();
            let is_followed = rest.next().is_some_and(|payload| !payload.is_empty()) && rest.next().is_some();
            // Letters before it need not be its own: `%22` before a token in a cookie, `base64-` before what Supabase writes.
            let inner = segment.windows(3).position(|three| three == OBJECT || three == ARRAY);
            let inner = inner.map(|at| decode(segment.get(at..).unwrap_or_default())).unwrap_or_default();
            if is_followed && (is_header(&inner) || is_header(&decode(segment)))
                || look_within && contains(&inner, false)
            {
                return true;
            }
        }
        false
    })
}

/// `{"` and `["` before a letter, in base64.
const OBJECT: &[u8] = b"eyJ";
const ARRAY: &[u8] = b"WyJ";

// Not parsed: a token that is ours was parsed where it counts, and one that is broken is better wiped than kept.
fn is_header(json: &[u8]) -> bool {
    json.trim_ascii_start().first() == Some(&b'{') && json.windows(5).any(|five| five == b"\"alg\"")
}

// As much as there is: bits that fill no byte are dropped.
fn decode(segment: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let (mut bits, mut held) = (0, 0_u32);
    for sextet in segment.iter().filter_map(|&byte| sextet(byte)) {
        held = held << 6 | u32::from(sextet);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits) as u8);
        }
    }
    bytes
}

/// A letter of base64url's alphabet (RFC 4648 section 5).
fn sextet(byte: u8) -> Option<u8> {
    Some(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::{format, string::String};

    use base64::{Engine, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::fixtures::{HEADER, payload, sign};

    fn token() -> String {
        sign(HEADER, &payload(""))
    }

    #[test]
    fn finds_a_token_wherever_it_is() {
        let token = token();
        for text in [
            token.clone(),
            format!("Bearer {token}"),
            format!("\"{token}\""),
            format!(r#"{{"user":{{"name":"Ann"}},"tokens":["{token}"],"expires":1}}"#),
            format!("https://app.example/#access_token={token}&state=x"),
            format!("%22{token}%22"),
            format!("@@user@@.example.com.{token}"),
            format!("\u{e9}{token}\u{e9}"),
            BASE64_STANDARD.encode(format!(r#"{{"access_token":"{token}"}}"#)),
            format!("base64-{}", BASE64_URL_SAFE_NO_PAD.encode(format!(r#"["{token}","x"]"#))),
        ] {
            assert!(contains_token(&text), "{text}");
        }
    }

    #[test]
    fn finds_unsigned_and_encrypted_ones_and_odd_headers() {
        let header = |json: &str| BASE64_URL_SAFE_NO_PAD.encode(json);
        for text in [
            format!("{}.e30.", header(r#"{"alg":"none"}"#)),
            format!("{}.a.b.c.d", header(r#"{"alg":"RSA-OAEP","enc":"A256GCM"}"#)),
            format!("{}.e30.x", header(" {\r\n \"typ\": \"JWT\", \"alg\" : \"HS256\" }")),
        ] {
            assert!(contains_token(&text), "{text}");
        }
    }

    #[test]
    fn takes_nothing_else_for_one() {
        let token = token();
        let (header, rest) = token.split_once('.').unwrap();
        for text in [
            "",
            ".",
            "..",
            "a.b.c",
            "1.2.3",
            "www.example.com",
            "e30.e30.e30",
            "eyJhbGciOiJIUzI1NiJ9",
            "eyJhbGciOiJIUzI1NiJ9.e30",
            "eyJhbGciOiJIUzI1NiJ9..c2ln",
            "eyJ0eXAiOiJKV1QifQ.e30.c2ln",
            rest,
            &format!("{header} . {rest}"),
            // The word alone is no header.
            &format!("{}.e30.x", BASE64_URL_SAFE_NO_PAD.encode(r#""alg""#)),
            // Two layers are not looked into.
            &BASE64_STANDARD
                .encode(format!(r#"{{"a":"{}"}}"#, BASE64_STANDARD.encode(format!(r#"{{"a":"{token}"}}"#)))),
        ] {
            assert!(!contains_token(text), "{text}");
        }
    }

    proptest! {
        #[test]
        fn finds_it_between_any_two_texts(before in "\\PC*", after in "\\PC*") {
            let text = format!("{before} {}\"{after}", token());
            prop_assert!(contains_token(&text));
        }

        #[test]
        fn decodes_as_the_standard_does(bytes: Vec<u8>) {
            prop_assert_eq!(decode(BASE64_URL_SAFE_NO_PAD.encode(&bytes).as_bytes()), bytes);
        }
    }
}
