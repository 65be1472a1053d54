use alloc::vec::Vec;
use core::fmt;

use crate::{
    Malformed, Timestamp,
    json::{Document, Found, Known, Object, Place, Value},
};

/// A JWT claims set (RFC 7519 section 4) in which each registered claim that Quash reads has its type.
///
/// A claim that is there must be what its standard says: `null` is not "absent".
#[derive(Clone, PartialEq)]
pub struct Claims {
    document: Document,
    /// Where those are that are asked for with each token, several times.
    places: [Place; NAMES.len()],
    expires_at: Option<Timestamp>,
    not_before: Option<Timestamp>,
    issued_at: Option<Timestamp>,
}

/// The claims that must be what their standard says. `sid`: OpenID Connect Front-Channel Logout section 3; `client_id`: RFC 9068
/// section 2.2; `azp`: OpenID Connect Core section 2; the rest: RFC 7519 section 4.1. Behind them those that tell what kind of a
/// token this is: OpenID Connect Core sections 2 and 3.3.2.11, RFC 8417 section 2.2.
static NAMES: [Known; 14] = Known::all([
    "aud",
    "azp",
    "client_id",
    "iss",
    "jti",
    "sid",
    "sub",
    "exp",
    "iat",
    "nbf",
    "at_hash",
    "c_hash",
    "events",
    "nonce",
]);

/// Their places among the names.
const AUD: usize = Known::place("aud", &NAMES);
const AZP: usize = Known::place("azp", &NAMES);
const CLIENT_ID: usize = Known::place("client_id", &NAMES);
const ISS: usize = Known::place("iss", &NAMES);
const JTI: usize = Known::place("jti", &NAMES);
const SID: usize = Known::place("sid", &NAMES);
const SUB: usize = Known::place("sub", &NAMES);
const EXP: usize = Known::place("exp", &NAMES);
const IAT: usize = Known::place("iat", &NAMES);
const NBF: usize = Known::place("nbf", &NAMES);
const AT_HASH: usize = Known::place("at_hash", &NAMES);
const C_HASH: usize = Known::place("c_hash", &NAMES);
const EVENTS: usize = Known::place("events", &NAMES);
const NONCE: usize = Known::place("nonce", &NAMES);

impl Claims {
    pub(crate) fn parse(json: Vec<u8>) -> Result<Self, Malformed> {
        let document = Document::parse(json)?;
        let mut places = [Place::NOWHERE; NAMES.len()];
        let [mut expires_at, mut not_before, mut issued_at] = [None; 3];
        for Found { which, name, value, place } in document.object().named(&NAMES) {
            places[which] = place;
            match which {
                EXP => expires_at = Some(numeric_date(name, value)?),
                NBF => not_before = Some(numeric_date(name, value)?),
                IAT => issued_at = Some(numeric_date(name, value)?),
                AUD => {
                    let is_list = || value.strings().is_some_and(|mut items| items.all(|item| item.is_some()));
                    if value.as_str().is_none() && !is_list() {
                        return Err(Malformed::Claim(name.into()));
                    }
                }
                AZP..=SUB => drop(value.as_str().ok_or(Malformed::Claim(name.into()))?),
                _ => {}
            }
        }
        Ok(Self { expires_at, not_before, issued_at, places, document })
    }

    /// `iss`.
    pub fn issuer(&self) -> Option<&str> {
        self.text(ISS)
    }

    /// `sub`.
    pub fn subject(&self) -> Option<&str> {
        self.text(SUB)
    }

    /// `aud`: a single string is a list of one.
    pub fn audiences(&self) -> impl Iterator<Item = &str> {
        let value = self.document.at(self.places[AUD]);
        let one = value.and_then(Value::as_str);
        one.into_iter().chain(value.and_then(Value::strings).into_iter().flatten().flatten())
    }

    /// `exp`; a fraction of a millisecond is cut off, so the token dies early rather than late.
    pub const fn expires_at(&self) -> Option<Timestamp> {
        self.expires_at
    }

    /// `nbf`.
    pub const fn not_before(&self) -> Option<Timestamp> {
        self.not_before
    }

    /// `iat`; a fraction of a millisecond is cut off, so that more cutoffs cover the token rather than fewer.
    pub const fn issued_at(&self) -> Option<Timestamp> {
        self.issued_at
    }

    /// `jti`.
    pub fn token_id(&self) -> Option<&str> {
        self.text(JTI)
    }

    /// `sid`.
    pub fn session(&self) -> Option<&str> {
        self.text(SID)
    }

    /// `client_id`, else `azp`.
    pub fn client(&self) -> Option<&str> {
        self.text(CLIENT_ID).or_else(|| self.text(AZP))
    }

    /// Any claim whose value is a string.
    pub fn string(&self, name: &str) -> Option<&str> {
        self.members().get(name)?.as_str()
    }

    /// Whether there is such a claim, whatever its value.
    pub fn has(&self, name: &str) -> bool {
        self.members().get(name).is_some()
    }

    /// `events`, which security event tokens have, and nothing else.
    pub(crate) fn events(&self) -> Option<Value<'_>> {
        self.document.at(self.places[EVENTS])
    }

    /// Whether there is a claim that only an ID token has.
    pub(crate) fn are_an_id_tokens(&self) -> bool {
        [AT_HASH, C_HASH, NONCE].into_iter().any(|which| self.places[which] != Place::NOWHERE)
    }

    fn text(&self, which: usize) -> Option<&str> {
        self.document.at(self.places[which])?.as_str()
    }

    /// About how many bytes of memory they take.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.document.bytes()
    }

    /// All claims.
    pub fn members(&self) -> Object<'_> {
        self.document.object()
    }
}

/// They are about a person.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Claims([redacted])")
    }
}

/// A `NumericDate`: seconds, possibly fractional (RFC 7519 section 2).
pub(crate) fn numeric_date(name: &'static str, value: Value<'_>) -> Result<Timestamp, Malformed> {
    let millis = if let Value::Number(secs) = value { secs.thousandths() } else { None };
    let in_range = millis.filter(|millis| *millis <= Timestamp::MAX_SECS * 1000);
    in_range.map(Timestamp::from_millis).ok_or(Malformed::Claim(name.into()))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn reads_the_registered_claims() {
        let claims = Claims::parse(
            br#"{"iss":"i","sub":"s","aud":["a","b"],"exp":1000.25,"nbf":1,"iat":2,"jti":"j","sid":"d","azp":"c"}"#
                .into(),
        )
        .unwrap();
        assert!(claims.audiences().eq(["a", "b"]));
        assert_eq!(claims.expires_at(), Some(Timestamp::from_millis(1_000_250)));
        assert_eq!(claims.session(), Some("d"));
        assert_eq!(claims.client(), Some("c"));
        let claims = Claims::parse(br#"{"aud":"a","client_id":"x","azp":"c"}"#.into()).unwrap();
        assert!(claims.audiences().eq(["a"]));
        assert_eq!(claims.client(), Some("x"));
        assert_eq!(claims.expires_at(), None);
        assert!(claims.has("aud") && !claims.has("exp"));
        assert_eq!((claims.string("aud"), claims.string("missing")), (Some("a"), None));
        assert!(Claims::parse(b"{}".into()).unwrap().audiences().eq([""; 0]));
    }

    #[test]
    fn a_claim_of_the_wrong_type_is_not_an_absent_one() {
        for (json, claim) in [
            (r#"{"jti":17}"#, "jti"),
            (r#"{"jti":null}"#, "jti"),
            (r#"{"iss":["a"]}"#, "iss"),
            (r#"{"aud":[1]}"#, "aud"),
            (r#"{"aud":{}}"#, "aud"),
            (r#"{"exp":"1000"}"#, "exp"),
            (r#"{"exp":-1}"#, "exp"),
            (r#"{"iat":253402300800}"#, "iat"),
            (r#"{"nbf":true}"#, "nbf"),
        ] {
            assert_eq!(Claims::parse(json.into()), Err(Malformed::Claim(claim.into())), "{json}");
        }
    }
}
