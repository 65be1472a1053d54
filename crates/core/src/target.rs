/// What a revocation names, always within one issuer: two issuers may give the same `jti` or `sub` to different things.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target<'a> {
    /// `iss`.
    pub issuer: &'a str,
    /// What of that issuer's.
    pub name: Name<'a>,
}

/// What of an issuer's is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Name<'a> {
    /// One token, by its `jti` (RFC 7519 section 4.1.7).
    TokenId(&'a str),
    /// One token without a `jti`, by the SHA-256 of `header.payload`. Never of the signature, let alone the whole token: an
    /// ECDSA signature (r, s) has the equally valid twin (r, n−s), and whoever holds one can write down the other.
    SigningInput([u8; 32]),
    /// All tokens of a session, by `sid`.
    Session(&'a str),
    /// All tokens of an end-user, by `sub`.
    Subject(&'a str),
    /// All tokens issued to a client, by `client_id` or `azp`.
    Client(&'a str),
    /// All tokens signed with a key, by `kid`.
    Key(&'a str),
    /// All tokens with this value of a claim: a device, a tenant.
    Claim {
        /// The claim's name.
        name: &'a str,
        /// Its value.
        value: &'a str,
    },
    /// All tokens of the issuer.
    Everything,
}

/// Ends the domain: no other use of HMAC with the pepper may start with these bytes.
pub(crate) const DOMAIN: &[u8] = b"quash/target/v1\0";

impl Target<'_> {
    /// Writes the target's one encoding, which follows [`DOMAIN`]: a byte for the kind, then each field with its length before it as
    /// a big-endian `u32`, so that no two targets can encode alike however their fields are shifted.
    ///
    /// Stored keys depend on every byte of it: a change needs a migration of every denylist.
    pub(crate) fn encode(&self, mut write: impl FnMut(&[u8])) {
        let (kind, fields): (u8, [&[u8]; 2]) = match &self.name {
            Name::TokenId(id) => (1, [id.as_bytes(), b""]),
            Name::SigningInput(hash) => (2, [hash, b""]),
            Name::Session(id) => (3, [id.as_bytes(), b""]),
            Name::Subject(id) => (4, [id.as_bytes(), b""]),
            Name::Client(id) => (5, [id.as_bytes(), b""]),
            Name::Key(id) => (6, [id.as_bytes(), b""]),
            Name::Claim { name, value } => (7, [name.as_bytes(), value.as_bytes()]),
            Name::Everything => (8, [b"", b""]),
        };
        write(&[kind]);
        for field in [self.issuer.as_bytes(), fields[0], fields[1]] {
            // A field comes from a token of at most MAX_TOKEN_BYTES or from configuration: far below 4 GiB.
            write(&(field.len() as u32).to_be_bytes());
            write(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{string::String, vec::Vec};

    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// A target that owns its fields: the kind's number, and up to three texts.
    type Owned = (u8, String, String, String);

    fn target((kind, issuer, one, two): &Owned) -> Target<'_> {
        let name = match kind {
            1 => Name::TokenId(one),
            2 => {
                let mut hash = [0; 32];
                one.bytes().zip(&mut hash).for_each(|(byte, place)| *place = byte);
                Name::SigningInput(hash)
            }
            3 => Name::Session(one),
            4 => Name::Subject(one),
            5 => Name::Client(one),
            6 => Name::Key(one),
            7 => Name::Claim { name: one, value: two },
            _ => Name::Everything,
        };
        Target { issuer, name }
    }

    fn encoding(target: &Target<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        target.encode(|part| bytes.extend(part));
        bytes
    }

    fn owned() -> impl Strategy<Value = Owned> {
        // Few short texts, with the very bytes that lengths are made of, so that a field can pose as another's length.
        let text = || "[\\x00\\x01\\x02ab]{0,5}";
        (1..=8u8, text(), text(), text())
    }

    /// The encoding read back: the kind and the fields behind their lengths, to the last byte.
    fn decode(mut bytes: &[u8]) -> Option<(u8, [Vec<u8>; 3])> {
        let kind = *bytes.split_off_first()?;
        let mut fields: [Vec<u8>; 3] = Default::default();
        for field in &mut fields {
            let (length, rest) = bytes.split_first_chunk::<4>()?;
            let (text, rest) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
            *field = text.into();
            bytes = rest;
        }
        bytes.is_empty().then_some((kind, fields))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn different_targets_have_different_encodings(a in owned(), b in owned()) {
            let (a, b) = (target(&a), target(&b));
            prop_assert_eq!(encoding(&a) == encoding(&b), a == b);
        }

        /// What makes it so for all of them: whoever reads the encoding knows where each field ends.
        #[test]
        fn an_encoding_says_all_of_its_target(owned in owned()) {
            let (kind, issuer, one, two) = owned.clone();
            let (read_kind, [read_issuer, read_one, read_two]) = decode(&encoding(&target(&owned))).unwrap();
            prop_assert_eq!((read_kind, read_issuer), (kind, issuer.into_bytes()));
            match kind {
                2 => prop_assert_eq!(&read_one[..one.len()], one.as_bytes()),
                7 => prop_assert_eq!((read_one, read_two), (one.into_bytes(), two.into_bytes())),
                8 => prop_assert!(read_one.is_empty() && read_two.is_empty()),
                _ => prop_assert_eq!((read_one, read_two), (one.into_bytes(), Vec::new())),
            }
        }
    }
}
