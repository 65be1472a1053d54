//! Asymmetric signatures, checked by ring: it takes a tenth of the time that RSA takes in RustCrypto, and wants no more than a C
//! compiler.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use quash_core::{Algorithm, HostKey, SignatureCheck};
use quash_engine::{Filed, Jwk, PublicKey};
use ring::signature::{self, RsaParameters, RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm};

/// Before an uncompressed point (SEC 1 section 2.3.3).
const UNCOMPRESSED: u8 = 4;

/// What comes before the key in a DER `SubjectPublicKeyInfo`: of these, each has one length (RFC 5480, RFC 8410).
const SPKI_P256: &[u8] =
    b"\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00";
const SPKI_P384: &[u8] =
    b"\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00";
const SPKI_ED25519: &[u8] = b"\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00";

/// `AlgorithmIdentifier` of RSA (RFC 3279 section 2.3.1).
const RSA_ENCRYPTION: &[u8] = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";

/// Of ES512, mostly: ring does not have the curve P-521, and what has it would be sixteen crates more.
const UNKNOWN: &str = "is for an algorithm that is not supported on servers";

/// The engine's public keys, each imported when it is first needed and then kept.
#[derive(Default)]
pub(crate) struct ImportedKeys(RwLock<HashMap<HostKey, Arc<VerifyingKey>>>);

impl ImportedKeys {
    /// The key with this number, if it was imported.
    pub(crate) fn get(&self, number: HostKey) -> Option<Arc<VerifyingKey>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&number).cloned()
    }

    /// Keeps a key, and those only that `is_filed` besides.
    pub(crate) fn keep(&self, number: HostKey, key: Arc<VerifyingKey>, is_filed: impl Fn(HostKey) -> bool) {
        let mut keys = self.0.write().unwrap_or_else(PoisonError::into_inner);
        keys.retain(|number, _| is_filed(*number));
        keys.insert(number, key);
    }
}

/// A key that signatures can be checked with.
pub(crate) enum VerifyingKey {
    /// PKCS #1 `RSAPublicKey` (RFC 8017 appendix A.1.1), a point, or the bytes of Ed25519.
    Bytes(&'static dyn VerificationAlgorithm, Vec<u8>),
    /// The modulus and the exponent, without leading zeros.
    Rsa(&'static RsaParameters, RsaPublicKeyComponents<Vec<u8>>),
}

impl VerifyingKey {
    /// # Errors
    /// Why the key cannot be used.
    pub(crate) fn import(Filed { algorithm, key, .. }: &Filed) -> Result<Self, &'static str> {
        match key {
            PublicKey::Spki(der) => Self::from_spki(*algorithm, der),
            PublicKey::Jwk(jwk) => Self::from_jwk(*algorithm, jwk),
        }
    }

    fn from_spki(algorithm: Algorithm, der: &[u8]) -> Result<Self, &'static str> {
        const OTHER: &str = "is no key for this algorithm";
        if let Some(parameters) = rsa(algorithm) {
            return Ok(Self::Bytes(parameters, rsa_public_key(der).ok_or(OTHER)?.into()));
        }
        let prefix = match algorithm {
            Algorithm::Es256 => SPKI_P256,
            Algorithm::Es384 => SPKI_P384,
            Algorithm::EdDsa => SPKI_ED25519,
            _ => return Err(UNKNOWN),
        };
        Self::from_bytes(algorithm, der.strip_prefix(prefix).ok_or(OTHER)?.into())
    }

    fn from_jwk(algorithm: Algorithm, jwk: &Jwk) -> Result<Self, &'static str> {
        let member = |wanted: &str| {
            let (_, text) = jwk.members().find(|(name, _)| *name == wanted).ok_or("has a member missing")?;
            BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| "is not valid base64url")
        };
        if let Some(parameters) = rsa(algorithm) {
            let number = |name| member(name).map(|bytes| bytes.into_iter().skip_while(|byte| *byte == 0).collect());
            return Ok(Self::Rsa(parameters, RsaPublicKeyComponents { n: number("n")?, e: number("e")? }));
        }
        if algorithm == Algorithm::EdDsa {
            return Self::from_bytes(algorithm, member("x")?);
        }
        // Each coordinate has the length of the curve's field (RFC 7518 section 6.2.1.2).
        let (x, y) = (member("x")?, member("y")?);
        if x.len() != y.len() {
            return Err("has coordinates of different lengths");
        }
        Self::from_bytes(algorithm, [&[UNCOMPRESSED][..], &x, &y].concat())
    }

    fn from_bytes(algorithm: Algorithm, bytes: Vec<u8>) -> Result<Self, &'static str> {
        let (verification, length): (&'static dyn VerificationAlgorithm, usize) = match algorithm {
            Algorithm::Es256 => (&signature::ECDSA_P256_SHA256_FIXED, 1 + 2 * 32),
            Algorithm::Es384 => (&signature::ECDSA_P384_SHA384_FIXED, 1 + 2 * 48),
            Algorithm::EdDsa => (&signature::ED25519, 32),
            _ => return Err(UNKNOWN),
        };
        let is_point = algorithm == Algorithm::EdDsa || bytes.first() == Some(&UNCOMPRESSED);
        if bytes.len() != length || !is_point {
            return Err("has another length or form than keys of this algorithm");
        }
        Ok(Self::Bytes(verification, bytes))
    }

    /// Whether the signature is right.
    pub(crate) fn verifies(&self, check: &SignatureCheck) -> bool {
        let (signed, signature) = (check.signing_input(), check.signature());
        match self {
            Self::Bytes(algorithm, key) => UnparsedPublicKey::new(*algorithm, key).verify(signed, signature).is_ok(),
            Self::Rsa(parameters, key) => key.verify(parameters, signed, signature).is_ok(),
        }
    }
}

fn rsa(algorithm: Algorithm) -> Option<&'static RsaParameters> {
    Some(match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        _ => return None,
    })
}

/// The `RSAPublicKey` in a `SubjectPublicKeyInfo`. With 2048 bits or more, both lengths take two bytes (X.690 section 8.1.3.5).
fn rsa_public_key(der: &[u8]) -> Option<&[u8]> {
    let inner = long(der, 0x30)?.strip_prefix(RSA_ENCRYPTION)?;
    // No bit of the last byte is unused.
    long(inner, 0x03)?.strip_prefix(&[0])
}

/// What is in a value with this tag, that is all there is.
fn long(der: &[u8], tag: u8) -> Option<&[u8]> {
    let (&[found, 0x82, high, low], inner) = der.split_first_chunk()? else { return None };
    (found == tag && inner.len() == usize::from(u16::from_be_bytes([high, low]))).then_some(inner)
}
