use alloc::vec::Vec;
use core::{fmt, str::FromStr};

use thiserror::Error;

use crate::{Target, mac::HmacSha256};

/// A secret shorter than the output of the hash that it keys (RFC 2104 section 3, RFC 7518 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a secret must have at least {minimum} bytes")]
#[non_exhaustive]
pub struct WeakSecret {
    /// How many bytes it must have at least.
    pub minimum: usize,
}

/// Ends the domain: no other use of HMAC with the pepper may start with these bytes.
const DOMAIN: &[u8] = b"quash/issuer/v1\0";

/// The same of requests that are repeated.
const REQUEST: &[u8] = b"quash/request/v1\0";

/// The name of a [`Target`] in every store: 124 bits of HMAC-SHA256 under the deployment's [`Pepper`] and the issuer's name, and
/// four for the kind of target.
///
/// It says nothing else about the target to whoever lacks the pepper, and has the same length whatever an attacker puts into a
/// `jti`. As text it is 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RevocationId([u8; 16]);

impl RevocationId {
    /// The id of a target of this kind that has this MAC.
    pub(crate) const fn new(kind: u8, mut mac: [u8; 16]) -> Self {
        mac[15] = mac[15] & 0xf0 | kind;
        Self(mac)
    }

    /// The id with these bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The id's bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Which kind of target it names: 1 to 8, as in a target's encoding, and 0 to 15 for an id from elsewhere, which may be
    /// anything.
    ///
    /// A [segment](crate::segment) keeps the ids of each kind apart. So a token, which has about one id of each, is not taken for
    /// revoked by an id of another kind.
    pub const fn kind(&self) -> u8 {
        self.0[15] & 0x0f
    }
}

impl fmt::Display for RevocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RevocationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Text that is no [`RevocationId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not 32 lower-case hexadecimal digits")]
pub struct InvalidId;

impl FromStr for RevocationId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let digits: &[u8; 32] = text.as_bytes().try_into().map_err(|_| InvalidId)?;
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = nibble(pair[0])? * 16 + nibble(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

fn nibble(digit: u8) -> Result<u8, InvalidId> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(InvalidId),
    }
}

/// A deployment's secret that makes the ids of its denylist unguessable.
#[derive(Clone)]
pub struct Pepper(HmacSha256);

impl Pepper {
    /// A pepper from random bytes.
    ///
    /// # Errors
    /// [`WeakSecret`] below 32 bytes.
    pub fn new(secret: &[u8]) -> Result<Self, WeakSecret> {
        HmacSha256::keyed(secret).map(Self)
    }

    /// Where the ids of an issuer's targets come from.
    pub fn namespace(&self, issuer: &str) -> Namespace {
        Namespace(HmacSha256::under(&self.sign(DOMAIN, issuer.as_bytes())))
    }

    /// By what a store may know these parts of a request, and nobody else: 128 bits of HMAC-SHA256 under this pepper. Each part has its
    /// length before it, so that no letter of one can pass for another's.
    pub fn fingerprint(&self, parts: &[&[u8]]) -> RevocationId {
        let mut message = Vec::new();
        for part in parts {
            message.extend_from_slice(&(part.len() as u64).to_be_bytes());
            message.extend_from_slice(part);
        }
        let mac = self.sign(REQUEST, &message);
        RevocationId::from_bytes(mac.first_chunk().copied().unwrap_or_default())
    }

    /// HMAC-SHA256 of `domain` and `message` under this pepper.
    pub(crate) fn sign(&self, domain: &[u8], message: &[u8]) -> [u8; 32] {
        self.0.sign(&[domain, message])
    }
}

/// The ids of one issuer's targets under one [`Pepper`].
///
/// ```text
/// key = HMAC-SHA256( pepper, "quash/issuer/v1" 00 | iss )
/// id  = the first 16 bytes of HMAC-SHA256( key, kind: 1 byte | what it is about ),
///       and the kind in place of its last four bits
/// ```
///
/// A key of its own for each issuer, because it can be kept: then an id costs two blocks of SHA-256 at most lengths of a `jti`,
/// a `sid` or a `sub`.
#[derive(Clone)]
pub struct Namespace(pub(crate) HmacSha256);

impl Namespace {
    /// The id of `target`.
    pub fn id(&self, target: &Target<'_>) -> RevocationId {
        let mut message = Vec::new();
        target.encode(|part| message.extend_from_slice(part));
        let mac = self.0.sign(&[&message]);
        RevocationId::new(target.kind(), mac.first_chunk().copied().unwrap_or_default())
    }

    /// The ids of several targets, in their order, each with what came with the target.
    #[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
    pub(crate) fn for_each_id<T>(&self, targets: &[(T, Target<'_>)], mut each: impl FnMut(&T, RevocationId)) {
        targets.iter().for_each(|(tag, target)| each(tag, self.id(target)));
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Namespace([redacted])")
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper([redacted])")
    }
}

/// The peppers in force. The first names what is written; all are looked up, so that a pepper can be changed without losing a
/// revocation: put the new one first, drop the old one when every entry and handle that was made under it has expired.
#[derive(Clone, Debug)]
pub struct Peppers(Vec<Pepper>);

impl Peppers {
    /// The peppers, the one to write with first; `None` when there is none.
    pub fn new(peppers: Vec<Pepper>) -> Option<Self> {
        (!peppers.is_empty()).then_some(Self(peppers))
    }

    /// The pepper to write with.
    pub fn current(&self) -> &Pepper {
        &self.0[0]
    }

    /// Every pepper, the current one first.
    pub fn iter(&self) -> impl Iterator<Item = &Pepper> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn id(issuer: &str, target: Target<'_>) -> RevocationId {
        Pepper::new(&[7; 32]).unwrap().namespace(issuer).id(&target)
    }

    #[test]
    fn shifting_a_field_gives_another_id() {
        assert_ne!(id("ab", Target::TokenId("c")), id("a", Target::TokenId("bc")));
        assert_ne!(id("a", Target::TokenId("")), id("", Target::TokenId("a")));
        assert_ne!(
            id("a", Target::Claim { name: "bc", value: "d" }),
            id("a", Target::Claim { name: "b", value: "cd" })
        );
        assert_ne!(id("a", Target::Session("b")), id("a", Target::Subject("b")));
    }

    #[test]
    fn an_id_tells_its_kind_and_nothing_else_of_the_mac_is_lost() {
        let targets = [
            Target::TokenId("a"),
            Target::SigningInput([7; 32]),
            Target::Session("a"),
            Target::Subject("a"),
            Target::Client("a"),
            Target::Key("a"),
            Target::Claim { name: "a", value: "b" },
            Target::Everything,
        ];
        assert_eq!(targets.map(|target| id("a", target).kind()), [1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(RevocationId::new(8, [0xff; 16]).to_string(), "fffffffffffffffffffffffffffffff8");
        assert_eq!(RevocationId::new(8, [0; 16]).to_string(), "00000000000000000000000000000008");
        assert_eq!(RevocationId::from_bytes([0xff; 16]).kind(), 15);
    }

    #[test]
    fn parts_of_a_request_are_told_apart() {
        let fingerprint = |parts: &[&[u8]]| Pepper::new(&[7; 32]).unwrap().fingerprint(parts);
        assert_ne!(fingerprint(&[b"a", b"bc"]), fingerprint(&[b"ab", b"c"]));
        assert_ne!(fingerprint(&[b"a"]), fingerprint(&[b"a", b""]));
        assert_eq!(fingerprint(&[b"a", b"bc"]), fingerprint(&[b"a", b"bc"]));
    }

    #[test]
    fn text_and_back() {
        let id = id("a", Target::Everything);
        assert_eq!(id.to_string().parse(), Ok(id));
        let text = id.to_string();
        assert_eq!(std::format!("{id:?}"), text);
        for wrong in [&text[1..], &text.to_uppercase(), "", &std::format!("{text}0")] {
            assert_eq!(wrong.parse::<RevocationId>(), Err(InvalidId), "{wrong}");
        }
    }

    #[test]
    fn a_short_pepper_is_refused_and_none_is_printed() {
        assert_eq!(Pepper::new(&[1; 31]).err(), Some(WeakSecret { minimum: 32 }));
        assert_eq!(std::format!("{:?}", Pepper::new(&[1; 32]).unwrap()), "Pepper([redacted])");
        let namespace = Pepper::new(&[1; 32]).unwrap().namespace("a");
        assert_eq!(std::format!("{namespace:?}"), "Namespace([redacted])");
    }
}
