use alloc::{sync::Arc, vec::Vec};
use core::fmt;

use memchr::memchr_iter;

use crate::{
    Algorithm, Claims, Headers, Malformed, Refusal, base64url,
    json::{Document, Found, Known},
};

/// The longest token that is looked at, in bytes: 8 KiB is the usual limit of one whole header line, so nothing longer gets
/// this far through a browser or a proxy. Checked before anything is decoded.
pub const MAX_TOKEN_BYTES: usize = 8 * 1024;

/// The longest status list that is looked at, as it is published, in bytes: 1 MiB. A million statuses of one bit take 24 000 where one in
/// a hundred is set, and 222 000 in utter disorder.
pub const MAX_STATUS_LIST_BYTES: usize = 1024 * 1024;

/// A JWT in compact JWS form (RFC 7515 section 3.1), read but not verified: nothing it says may be believed.
///
/// Only [`Issuers::verify`](crate::Issuers::verify) turns it into something else.
///
/// Parsing is strict, so that one token has one spelling: no padding, no spare bits, no whitespace, no fourth segment.
pub struct UnverifiedToken<'t> {
    pub(crate) signing_input: &'t [u8],
    pub(crate) signature: Vec<u8>,
    pub(crate) header: Arc<Header>,
    pub(crate) claims: Claims,
}

/// The header parameters that are looked at. A parameter that we do not use must still be what the standards say, since the next reader
/// may use it (RFC 7515 section 4.1, RFC 7516 section 4.1, RFC 8555 section 6).
static PARAMETERS: [Known; 16] = Known::all([
    "alg", "kid", "typ", "crit", "b64", "jwk", "x5c", "cty", "enc", "jku", "nonce", "url", "x5t", "x5t#S256", "x5u",
    "zip",
]);

/// The JOSE header's parameters that matter (RFC 7515 section 4.1). `jku`, `x5u` and the like are never followed: a token does
/// not get to say which key verifies it.
#[derive(Debug)]
pub(crate) struct Header {
    document: Document,
    pub(crate) algorithm: Algorithm,
}

impl<'t> UnverifiedToken<'t> {
    /// Reads a token.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] when the text is not one; [`Refusal::AlgorithmRefused`] when its `alg` is none of ours, `none`
    /// included.
    pub fn parse(text: &'t str) -> Result<Self, Refusal> {
        Self::parse_with(text, &mut Headers::default())
    }

    /// Reads a token as [`parse`](Self::parse) does, and its header no second time.
    ///
    /// # Errors
    /// The same.
    pub fn parse_with(text: &'t str, headers: &mut Headers) -> Result<Self, Refusal> {
        Self::parse_within(MAX_TOKEN_BYTES, text, headers)
    }

    /// Reads a [status list](crate::StatusListToken), which may be longer than a token. One that is has no name to be revoked by.
    ///
    /// # Errors
    /// The same.
    pub fn parse_status_list(text: &'t str) -> Result<Self, Refusal> {
        Self::parse_within(MAX_STATUS_LIST_BYTES, text, &mut Headers::default())
    }

    #[inline(never)] // Lists and tokens share it.
    fn parse_within(max_bytes: usize, text: &'t str, headers: &mut Headers) -> Result<Self, Refusal> {
        if text.len() > max_bytes {
            return Err(Malformed::TooLarge.into());
        }
        let mut dots = memchr_iter(b'.', text.as_bytes());
        let (Some(first), Some(second), None) = (dots.next(), dots.next(), dots.next()) else {
            return Err(Malformed::Segments.into());
        };
        let (header, payload, signature) = (&text[..first], &text[first + 1..second], &text[second + 1..]);

        Ok(Self {
            signing_input: &text.as_bytes()[..second],
            header: headers.read(header)?,
            claims: Claims::parse(base64url::decode(payload)?)?,
            signature: base64url::decode(signature)?,
        })
    }

    /// Which issuer the token says that it is from: good for choosing whom to ask, and for nothing else.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.issuer()
    }

    /// What is signed: `header.payload` (RFC 7515 section 5.1).
    pub const fn signing_input(&self) -> &'t [u8] {
        self.signing_input
    }

    /// The signature's bytes.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }
}

/// Whoever reads a log must not be able to use what is in it.
impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedToken([redacted])")
    }
}

impl Header {
    pub(crate) fn parse(json: Vec<u8>) -> Result<Self, Refusal> {
        let document = Document::parse(json)?;
        let mut algorithm = None;
        for Found { name, value, .. } in document.object().named(&PARAMETERS) {
            let is_right = match name {
                "crit" | "b64" => return Err(Malformed::Extension.into()),
                // A token that brings its own key has no use for ours.
                "jwk" => false,
                "x5c" => value.strings().is_some_and(|mut items| items.all(|item| item.is_some())),
                _ => value.as_str().is_some(),
            };
            if !is_right {
                return Err(Malformed::Header(name).into());
            }
            if name == "alg" {
                algorithm = value.as_str();
            }
        }
        let name = algorithm.ok_or(Malformed::Header("alg"))?;
        let algorithm = Algorithm::from_name(name).ok_or(Refusal::AlgorithmRefused)?;
        Ok(Self { algorithm, document })
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        self.document.object().get("kid")?.as_str()
    }

    pub(crate) fn token_type(&self) -> Option<&str> {
        self.document.object().get("typ")?.as_str()
    }

    /// Whether `typ` allows this to be a logout token: absent, `JWT`, or the recommended `logout+jwt` (OpenID Connect
    /// Back-Channel Logout 1.0 section 2.4), which not every issuer sends.
    pub(crate) fn may_be_logout_token(&self) -> bool {
        self.is_untyped() || self.is_typed("logout+jwt")
    }

    /// Whether `typ` leaves open what this is: absent, or `JWT` (RFC 7519 section 5.1).
    pub(crate) fn is_untyped(&self) -> bool {
        self.token_type().is_none_or(|token_type| names(token_type, "jwt"))
    }

    /// Whether `typ` is `subtype`, with or without `application/`, in any case (RFC 7515 section 4.1.9).
    pub(crate) fn is_typed(&self, subtype: &str) -> bool {
        self.token_type().is_some_and(|token_type| names(token_type, subtype))
    }
}

fn names(token_type: &str, subtype: &str) -> bool {
    let (prefix, rest) = token_type.split_at_checked("application/".len()).unwrap_or(("", token_type));
    let named = if prefix.eq_ignore_ascii_case("application/") { rest } else { token_type };
    named.eq_ignore_ascii_case(subtype)
}

#[cfg(test)]
mod tests {
    use std::{format, string::String};

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

    use super::*;

    fn token(header: &str, payload: &str) -> String {
        format!("{}.{}.c2ln", BASE64_URL_SAFE_NO_PAD.encode(header), BASE64_URL_SAFE_NO_PAD.encode(payload))
    }

    fn refusal(text: &str) -> &'static str {
        UnverifiedToken::parse(text).unwrap_err().code()
    }

    #[test]
    fn reads_a_token() {
        let text = token(r#"{"alg":"ES256","kid":"k","typ":"JWT"}"#, r#"{"iss":"i"}"#);
        let token = UnverifiedToken::parse(&text).unwrap();
        assert_eq!(token.header.algorithm, Algorithm::Es256);
        assert_eq!((token.header.key_id(), token.header.token_type()), (Some("k"), Some("JWT")));
        assert_eq!(token.claims.issuer(), Some("i"));
        assert_eq!(token.signature(), b"sig");
        assert_eq!(token.signing_input(), &text.as_bytes()[..text.len() - 5]);
    }

    #[test]
    fn one_token_has_one_spelling() {
        let text = token(r#"{"alg":"HS256"}"#, "{}");
        assert!(UnverifiedToken::parse(&text).is_ok());
        for (spelling, code) in [
            (format!("{text}="), "token_base64url"),
            (format!("{text} "), "token_base64url"),
            (format!(" {text}"), "token_base64url"),
            (format!("{text}\n"), "token_base64url"),
            (format!("{text}."), "token_segments"),
            (format!("{text}.e30"), "token_segments"),
            (text.replacen("e30", "e31", 1), "token_base64url"), // the two spare bits of "{}" are not zero
            (text.replacen("e30", "e30=", 1), "token_base64url"),
            (text.replacen("c2ln", "c2l+", 1), "token_base64url"),
        ] {
            assert_eq!(refusal(&spelling), code, "{spelling}");
        }
    }

    #[test]
    fn a_token_may_be_8_kib_long() {
        let short = token(r#"{"alg":"HS256"}"#, "{}");
        let longest = format!("{short}{}", "AAAA".repeat((8192 - short.len()) / 4));
        let longest = format!("{longest}{}", ["", "", "AA", "AAA"][8192 - longest.len()]);
        assert_eq!(longest.len(), 8192);
        assert!(UnverifiedToken::parse(&longest).is_ok());
        assert_eq!(refusal(&format!("{longest}A")), "token_too_large");
    }

    #[test]
    fn what_nobody_has_registered_may_be_anything() {
        assert!(UnverifiedToken::parse(&token(r#"{"alg":"HS256","x":1}"#, r#"{"x":null}"#)).is_ok());
    }

    #[test]
    fn refuses_each_fault_by_its_name() {
        let long = token(r#"{"alg":"HS256"}"#, &format!(r#"{{"x":"{}"}}"#, "y".repeat(MAX_TOKEN_BYTES)));
        for (text, code) in [
            (String::new(), "token_segments"),
            ("a.b".into(), "token_segments"),
            ("..".into(), "token_json"),
            (long, "token_too_large"),
            (token(r#"{"alg":"none"}"#, "{}"), "algorithm_refused"),
            (token(r#"{"alg":"nOnE"}"#, "{}"), "algorithm_refused"),
            (token(r#"{"alg":"hs256"}"#, "{}"), "algorithm_refused"),
            (token(r#"{"alg":1}"#, "{}"), "header_invalid"),
            (token("{}", "{}"), "header_invalid"),
            (token(r#"{"alg":"HS256","kid":1}"#, "{}"), "header_invalid"),
            (token(r#"{"alg":"HS256","jku":1}"#, "{}"), "header_invalid"),
            (token(r#"{"alg":"HS256","x5c":[1]}"#, "{}"), "header_invalid"),
            (token(r#"{"alg":"HS256","x5c":"a"}"#, "{}"), "header_invalid"),
            (token(r#"{"alg":"HS256","jwk":{}}"#, "{}"), "header_invalid"),
            (token(r#"{"alg":"HS256","crit":["b64"],"b64":false}"#, "{}"), "token_extension"),
            (token(r#"{"alg":"HS256","b64":true}"#, "{}"), "token_extension"),
            (token(r#"{"alg":"HS256","alg":"none"}"#, "{}"), "token_duplicate_member"),
            (token(r#"{"alg":"HS256"}"#, "[]"), "token_not_object"),
            (token(r#"{"alg":"HS256"}"#, r#"{"jti":1}"#), "claim_invalid"),
        ] {
            assert_eq!(refusal(&text), code, "{text}");
        }
    }

    #[test]
    fn a_type_is_a_media_type_without_its_tree() {
        let header = |token_type: Option<&str>| {
            let member = token_type.map_or(String::new(), |token_type| format!(r#","typ":"{token_type}""#));
            Header::parse(format!(r#"{{"alg":"HS256"{member}}}"#).into_bytes()).unwrap()
        };
        for token_type in ["at+jwt", "AT+jwt", "application/at+jwt", "Application/AT+JWT"] {
            assert!(header(Some(token_type)).is_typed("at+jwt"), "{token_type}");
        }
        for token_type in ["logout+jwt", "application/", "", "é", "example/at+jwt", "at+jwt "] {
            assert!(!header(Some(token_type)).is_typed("at+jwt"), "{token_type}");
            assert!(!header(Some(token_type)).is_untyped(), "{token_type}");
        }
        for token_type in [None, Some("JWT"), Some("jwt"), Some("application/jwt")] {
            assert!(header(token_type).is_untyped() && header(token_type).may_be_logout_token(), "{token_type:?}");
            assert!(!header(token_type).is_typed("at+jwt"));
        }
        assert!(header(Some("logout+jwt")).may_be_logout_token());
        assert!(!header(Some("at+jwt")).may_be_logout_token());
    }
}
