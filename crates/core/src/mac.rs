//! HMAC (RFC 2104), keyed once and then used for many messages. Held to the `hmac` crate, whose buffers, and copies of them, cost a
//! token as much as two blocks do, and were an eighth of the engine's module.

use subtle::ConstantTimeEq;

use crate::{
    Algorithm, WeakSecret,
    hash::{Hash, MAX_BYTES, SHA256, SHA384, SHA512, Sha256, Sha512, finish},
};

/// What checks a token's HMAC (RFC 7518 section 3.2).
#[derive(Clone)]
pub(crate) enum Mac {
    Hs256(HmacSha256),
    Hs384(Hmac<128, Sha512>),
    Hs512(Hmac<128, Sha512>),
}

pub(crate) type HmacSha256 = Hmac<64, Sha256>;

/// HMAC under a secret, before any message.
#[derive(Clone, Copy)]
pub(crate) struct Hmac<const BLOCK: usize, H> {
    /// The hash of the key and the inner pad, and that of the key and the outer one: of a block each.
    pub(crate) inner: H,
    pub(crate) outer: H,
    /// How many bytes of a hash count.
    length: usize,
}

impl Mac {
    /// # Errors
    /// [`WeakSecret`] when the secret is shorter than the hash.
    pub(crate) fn hs256(secret: &[u8]) -> Result<Self, WeakSecret> {
        HmacSha256::keyed(secret).map(Self::Hs256)
    }

    pub(crate) fn hs384(secret: &[u8]) -> Result<Self, WeakSecret> {
        Hmac::of_strong(SHA384, 48, secret).map(Self::Hs384)
    }

    pub(crate) fn hs512(secret: &[u8]) -> Result<Self, WeakSecret> {
        Hmac::of_strong(SHA512, 64, secret).map(Self::Hs512)
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Hs256(_) => Algorithm::Hs256,
            Self::Hs384(_) => Algorithm::Hs384,
            Self::Hs512(_) => Algorithm::Hs512,
        }
    }

    /// Whether `signature` is right, in a time that does not depend on where it is wrong.
    pub(crate) fn verifies(&self, data: &[u8], signature: &[u8]) -> bool {
        let (mac, length) = match self {
            Self::Hs256(hmac) => (hmac.of(&[data]), hmac.length),
            Self::Hs384(hmac) | Self::Hs512(hmac) => (hmac.of(&[data]), hmac.length),
        };
        mac[..length].ct_eq(signature).into()
    }
}

impl HmacSha256 {
    /// # Errors
    /// [`WeakSecret`] when the secret is shorter than the hash.
    pub(crate) fn keyed(secret: &[u8]) -> Result<Self, WeakSecret> {
        Self::of_strong(SHA256, 32, secret)
    }

    /// HMAC under a key that is as long as the hash.
    pub(crate) fn under(key: &[u8; 32]) -> Self {
        Self::new(SHA256, 32, key)
    }

    /// The MAC of a message in parts.
    pub(crate) fn sign(&self, message: &[&[u8]]) -> [u8; 32] {
        self.of(message).first_chunk().copied().unwrap_or_default()
    }
}

impl<const BLOCK: usize, H: Hash<BLOCK>> Hmac<BLOCK, H> {
    fn of_strong(initial: H, length: usize, secret: &[u8]) -> Result<Self, WeakSecret> {
        if secret.len() < length { Err(WeakSecret { minimum: length }) } else { Ok(Self::new(initial, length, secret)) }
    }

    fn new(initial: H, length: usize, secret: &[u8]) -> Self {
        let mut key = [0; BLOCK];
        if secret.len() > BLOCK {
            // It is the hash that counts then (RFC 2104 section 2).
            key[..length].copy_from_slice(&finish(initial, 0, &[secret]).bytes()[..length]);
        } else {
            key[..secret.len()].copy_from_slice(secret);
        }
        let padded = |pad: u8| {
            let mut hash = initial;
            hash.compress(&[key.map(|byte| byte ^ pad)]);
            hash
        };
        Self { inner: padded(0x36), outer: padded(0x5c), length }
    }

    /// The MAC of a message, and zeros behind it.
    #[inline(never)]
    fn of(&self, message: &[&[u8]]) -> [u8; MAX_BYTES] {
        let inner = finish(self.inner, 1, message).bytes();
        finish(self.outer, 1, &[&inner[..self.length]]).bytes()
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use hmac::{KeyInit, Mac as _};
    use proptest::{collection::vec, prelude::*};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// What the `hmac` crate makes of a message.
    macro_rules! theirs {
        ($hash:ty, $secret:expr, $message:expr) => {{
            let mac = hmac::Hmac::<$hash>::new_from_slice($secret).unwrap().chain_update($message);
            Vec::from(&mac.finalize().into_bytes()[..])
        }};
    }

    proptest! {
        #[test]
        fn is_what_the_hmac_crate_makes(secret in vec(any::<u8>(), 64..200), message in vec(any::<u8>(), 0..300), at in any::<prop::sample::Index>()) {
            let expected = [
                (Mac::hs256(&secret), theirs!(sha2::Sha256, &secret, &message)),
                (Mac::hs384(&secret), theirs!(sha2::Sha384, &secret, &message)),
                (Mac::hs512(&secret), theirs!(sha2::Sha512, &secret, &message)),
            ];
            for (mac, mut expected) in expected {
                let mac = mac.unwrap();
                prop_assert!(mac.verifies(&message, &expected));
                prop_assert!(!mac.verifies(&message, &expected[1..]));
                *at.get_mut(&mut expected) ^= 1;
                prop_assert!(!mac.verifies(&message, &expected));
            }
            let (one, other) = message.split_at(at.index(message.len() + 1));
            let signed = HmacSha256::keyed(&secret).unwrap().sign(&[one, other]);
            prop_assert_eq!(Vec::from(signed), theirs!(sha2::Sha256, &secret, &message));
        }
    }

    #[test]
    fn a_secret_shorter_than_its_hash_is_weak() {
        for (minimum, keyed) in [(32, Mac::hs256 as fn(&[u8]) -> _), (48, Mac::hs384), (64, Mac::hs512)] {
            assert!(keyed(&[1; 64][..minimum]).is_ok());
            assert_eq!(keyed(&[1; 64][1..minimum]).err(), Some(WeakSecret { minimum }));
        }
    }
}
