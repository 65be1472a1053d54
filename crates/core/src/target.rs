/// What a revocation names: something of one issuer's, since two issuers may give the same `jti` or `sub` to different things.
/// Which issuer, the [`Namespace`](crate::Namespace) knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Target<'a> {
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

impl Target<'_> {
    /// Writes the target's one encoding: a byte for the kind, then what it is about. A claim's name has its length before it as
    /// a big-endian `u32`; everything else reaches to the end. So no two targets can encode alike, however fields are shifted.
    ///
    /// Stored keys depend on every byte of it: a change needs a migration of every denylist. With an `id` of up to 54 bytes it
    /// is one block of SHA-256.
    pub(crate) fn encode(&self, mut write: impl FnMut(&[u8])) {
        write(&[self.kind()]);
        if let Self::Claim { name, .. } = self {
            // A name comes from a token of at most MAX_TOKEN_BYTES or from configuration: far below 4 GiB.
            write(&(name.len() as u32).to_be_bytes());
            write(name.as_bytes());
        }
        write(match self {
            Self::TokenId(id) | Self::Session(id) | Self::Subject(id) | Self::Client(id) | Self::Key(id) => {
                id.as_bytes()
            }
            Self::SigningInput(hash) => hash,
            Self::Claim { value, .. } => value.as_bytes(),
            Self::Everything => b"",
        });
    }

    /// The kind's number: of four bits, since an [id](crate::RevocationId) ends with it.
    pub(crate) const fn kind(&self) -> u8 {
        match self {
            Self::TokenId(_) => 1,
            Self::SigningInput(_) => 2,
            Self::Session(_) => 3,
            Self::Subject(_) => 4,
            Self::Client(_) => 5,
            Self::Key(_) => 6,
            Self::Claim { .. } => 7,
            Self::Everything => 8,
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

    /// A target that owns its fields: the kind's number, and up to two texts.
    type Owned = (u8, String, String);

    fn target((kind, one, two): &Owned) -> Target<'_> {
        match kind {
            1 => Target::TokenId(one),
            2 => {
                let mut hash = [0; 32];
                one.bytes().zip(&mut hash).for_each(|(byte, place)| *place = byte);
                Target::SigningInput(hash)
            }
            3 => Target::Session(one),
            4 => Target::Subject(one),
            5 => Target::Client(one),
            6 => Target::Key(one),
            7 => Target::Claim { name: one, value: two },
            _ => Target::Everything,
        }
    }

    fn encoding(target: &Target<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        target.encode(|part| bytes.extend(part));
        bytes
    }

    fn owned() -> impl Strategy<Value = Owned> {
        // Few short texts, with the very bytes that kinds and lengths are made of, so that a field can pose as another's.
        let text = || "[\\x00-\\x08ab]{0,5}";
        (1..=8u8, text(), text())
    }

    /// The encoding read back, to the last byte.
    fn decode(bytes: &[u8]) -> Option<(u8, Vec<u8>, Vec<u8>)> {
        let (&kind, rest) = bytes.split_first()?;
        if kind != 7 {
            return Some((kind, rest.into(), Vec::new()));
        }
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (name, value) = rest.split_at_checked(u32::from_be_bytes(*length) as usize)?;
        Some((kind, name.into(), value.into()))
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
            let (kind, one, two) = owned.clone();
            let (read_kind, read_one, read_two) = decode(&encoding(&target(&owned))).unwrap();
            prop_assert_eq!(read_kind, kind);
            match kind {
                2 => prop_assert_eq!(&read_one[..one.len()], one.as_bytes()),
                7 => prop_assert_eq!((read_one, read_two), (one.into_bytes(), two.into_bytes())),
                8 => prop_assert!(read_one.is_empty()),
                _ => prop_assert_eq!(read_one, one.into_bytes()),
            }
        }
    }
}
