use quash_core::{
    Algorithm, decode_base64,
    json::{Object, Value},
};
use serde::Serialize;

use crate::json_object::JsonObject;

/// RFC 7518 sections 3.3 and 3.5.
const SHORT_RSA: &str = "is an RSA key of less than 2048 bits";

/// A public key as WebCrypto imports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PublicKey {
    /// A DER `SubjectPublicKeyInfo` (RFC 5280 section 4.1).
    Spki(Vec<u8>),
    /// A JWK (RFC 7517).
    Jwk(Jwk),
}

/// What is needed of a public JWK (RFC 7518 section 6, RFC 8037 section 2): `use`, `key_ops` and `alg` have been looked at, and
/// could only contradict what is known by now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Jwk {
    kty: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    e: Option<String>,
}

impl Jwk {
    /// Its members.
    pub fn members(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let Self { kty, crv, x, y, n, e } = self;
        let optional = [("crv", crv), ("x", x), ("y", y), ("n", n), ("e", e)];
        let present = optional.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?)));
        [("kty", kty.as_str())].into_iter().chain(present)
    }

    /// As JSON.
    #[inline(never)]
    pub fn json(&self) -> String {
        self.members().fold(JsonObject::new(), |jwk, (name, value)| jwk.text(name, value)).end()
    }
}

impl PublicKey {
    /// Reads a PEM public key (RFC 7468 section 13).
    pub(crate) fn from_pem(algorithm: Algorithm, pem: &str) -> Result<Self, &'static str> {
        let body = pem
            .trim()
            .strip_prefix("-----BEGIN PUBLIC KEY-----")
            .and_then(|rest| rest.strip_suffix("-----END PUBLIC KEY-----"))
            .ok_or("must be a PEM of the kind `PUBLIC KEY`")?;
        let body: String = body.split_ascii_whitespace().collect();
        let der = decode_base64(&body).ok_or("is not valid base64")?;
        // The modulus alone has 256 bytes.
        if is_rsa(algorithm) && der.len() < 256 { Err(SHORT_RSA) } else { Ok(Self::Spki(der)) }
    }

    /// Reads a JWK, and checks what WebCrypto would not tell until the first token comes.
    pub(crate) fn from_jwk(algorithm: Algorithm, jwk: Object<'_>) -> Result<Self, &'static str> {
        let member = |name: &str| jwk.get(name).and_then(Value::as_str).map(str::to_owned);
        if ["d", "p", "q", "k"].into_iter().any(|private| jwk.get(private).is_some()) {
            return Err("is a private key: it must not be published or configured, and is not needed to verify");
        }
        let (kty, crv) = match algorithm {
            algorithm if is_rsa(algorithm) => ("RSA", None),
            Algorithm::Es256 => ("EC", Some("P-256")),
            Algorithm::Es384 => ("EC", Some("P-384")),
            Algorithm::Es512 => ("EC", Some("P-521")),
            Algorithm::EdDsa => ("OKP", Some("Ed25519")),
            _ => return Err("is not for this algorithm"),
        };
        let key =
            Jwk { kty: kty.into(), crv: member("crv"), x: member("x"), y: member("y"), n: member("n"), e: member("e") };
        if member("kty").as_deref() != Some(kty) || key.crv.as_deref() != crv {
            return Err("has a `kty` or `crv` that is not for this algorithm");
        }
        // Base64url of 256 bytes.
        if kty == "RSA" && key.n.as_ref().is_none_or(|modulus| modulus.len() < 342) {
            return Err(SHORT_RSA);
        }
        if member("alg").is_some_and(|alg| alg != algorithm.name()) {
            return Err("has an `alg` other than the key's");
        }
        Ok(Self::Jwk(key))
    }
}

pub(crate) const fn is_rsa(algorithm: Algorithm) -> bool {
    matches!(
        algorithm,
        Algorithm::Rs256 | Algorithm::Rs384 | Algorithm::Rs512 | Algorithm::Ps256 | Algorithm::Ps384 | Algorithm::Ps512
    )
}
