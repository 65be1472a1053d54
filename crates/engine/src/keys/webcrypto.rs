use quash_core::Algorithm;
use serde::Serialize;

use crate::json_object::JsonObject;

/// An algorithm as WebCrypto names it, good for importing a key and verifying with it alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WebCryptoAlgorithm {
    /// `name`
    pub name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// `hash`
    pub hash: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// `saltLength`: as long as the hash (RFC 7518 section 3.5). Only RSA-PSS looks at it.
    pub salt_length: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    /// `namedCurve`
    pub named_curve: Option<&'static str>,
}

impl WebCryptoAlgorithm {
    /// `None` for HMAC, which never leaves core.
    pub fn of(algorithm: Algorithm) -> Option<Self> {
        const PKCS1: &str = "RSASSA-PKCS1-v1_5";
        const PSS: &str = "RSA-PSS";
        let (name, hash, named_curve) = match algorithm {
            Algorithm::Rs256 => (PKCS1, Some(("SHA-256", 32)), None),
            Algorithm::Rs384 => (PKCS1, Some(("SHA-384", 48)), None),
            Algorithm::Rs512 => (PKCS1, Some(("SHA-512", 64)), None),
            Algorithm::Ps256 => (PSS, Some(("SHA-256", 32)), None),
            Algorithm::Ps384 => (PSS, Some(("SHA-384", 48)), None),
            Algorithm::Ps512 => (PSS, Some(("SHA-512", 64)), None),
            Algorithm::Es256 => ("ECDSA", Some(("SHA-256", 32)), Some("P-256")),
            Algorithm::Es384 => ("ECDSA", Some(("SHA-384", 48)), Some("P-384")),
            Algorithm::Es512 => ("ECDSA", Some(("SHA-512", 64)), Some("P-521")),
            Algorithm::EdDsa => ("Ed25519", None, None),
            _ => return None,
        };
        let (hash, salt_length) = hash.unzip();
        Some(Self { name, hash, salt_length, named_curve })
    }

    /// As JSON.
    #[inline(never)]
    pub fn json(self) -> String {
        let Self { name, hash, salt_length, named_curve } = self;
        let texts = [("name", Some(name)), ("hash", hash), ("namedCurve", named_curve)];
        let present = texts.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let parameters = present.fold(JsonObject::new(), |parameters, (name, text)| parameters.text(name, text));
        match salt_length {
            None => parameters,
            Some(length) => parameters.number("saltLength", length.into()),
        }
        .end()
    }
}
