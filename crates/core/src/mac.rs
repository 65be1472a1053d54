use hmac::{EagerHash, Hmac, KeyInit, Mac as _};
use sha2::{Sha256, Sha384, Sha512};

use crate::{Algorithm, WeakSecret};

/// HMAC under a secret, keyed once for all tokens (RFC 7518 section 3.2).
#[derive(Clone)]
pub(crate) enum Mac {
    Hs256(Hmac<Sha256>),
    Hs384(Hmac<Sha384>),
    Hs512(Hmac<Sha512>),
}

impl Mac {
    pub(crate) const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Hs256(_) => Algorithm::Hs256,
            Self::Hs384(_) => Algorithm::Hs384,
            Self::Hs512(_) => Algorithm::Hs512,
        }
    }

    /// Whether `signature` is right, in a time that does not depend on where it is wrong.
    pub(crate) fn verifies(&self, data: &[u8], signature: &[u8]) -> bool {
        let verified = match self {
            Self::Hs256(mac) => mac.clone().chain_update(data).verify_slice(signature),
            Self::Hs384(mac) => mac.clone().chain_update(data).verify_slice(signature),
            Self::Hs512(mac) => mac.clone().chain_update(data).verify_slice(signature),
        };
        verified.is_ok()
    }
}

/// HMAC under `secret`, before any data.
///
/// # Errors
/// [`WeakSecret`] when the secret is shorter than the hash.
pub(crate) fn keyed<D: EagerHash>(secret: &[u8]) -> Result<Hmac<D>, WeakSecret> {
    let weak = WeakSecret { minimum: <D as hmac::digest::Digest>::output_size() };
    if secret.len() < weak.minimum {
        return Err(weak);
    }
    Hmac::new_from_slice(secret).map_err(|_| weak)
}
