//! Asymmetric signatures, checked by the platform: WebCrypto is 13 to 21 times faster at them than wasm.

use std::{cell::RefCell, collections::HashMap};

use js_sys::{Array, Object, Reflect, Uint8Array, futures::JsFuture};
use quash_core::{Algorithm, KeyRef, SignatureCheck};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CryptoKey, SubtleCrypto};

use crate::{
    config::{ConfigError, PublicKey},
    error::Error,
};

/// The public keys, each imported when it is first needed and then kept: an import costs more than a verification.
pub(crate) struct PublicKeys {
    configured: HashMap<KeyRef, (String, PublicKey)>,
    imported: RefCell<HashMap<KeyRef, CryptoKey>>,
}

impl PublicKeys {
    pub(crate) fn new(configured: HashMap<KeyRef, (String, PublicKey)>) -> Self {
        Self { configured, imported: RefCell::default() }
    }

    /// Whether the signature is right.
    ///
    /// # Errors
    /// [`Error::Configuration`] when the key cannot be imported.
    pub(crate) async fn check(&self, check: &SignatureCheck<'_, '_>) -> Result<bool, Error> {
        let key = self.key(check.key(), check.algorithm()).await?;
        let verified = async {
            let algorithm = parameters(check.algorithm())?;
            // Both are copied at once: nothing else runs before the call has taken them.
            let (signature, data) = (Uint8Array::from(check.signature()), Uint8Array::from(check.signing_input()));
            let promise =
                subtle()?.verify_with_object_and_js_u8_array_and_js_u8_array(&algorithm, &key, &signature, &data)?;
            JsFuture::from(promise).await
        };
        // WebCrypto throws at signatures of impossible lengths, where others answer "no".
        Ok(verified.await.is_ok_and(|valid| valid.is_truthy()))
    }

    async fn key(&self, reference: KeyRef, algorithm: Algorithm) -> Result<CryptoKey, Error> {
        if let Some(key) = self.imported.borrow().get(&reference) {
            return Ok(key.clone());
        }
        let Some((field, configured)) = self.configured.get(&reference) else {
            return Err(ConfigError::new("issuers", "a key is missing").into());
        };
        // Two requests may both import: harmless, and no promise of one request is awaited by another, which Workers forbid.
        let key = import(configured, algorithm)
            .await
            .map_err(|cause| ConfigError::new(field, format_args!("cannot be imported: {cause:?}")))?;
        self.imported.borrow_mut().insert(reference, key.clone());
        Ok(key)
    }
}

async fn import(key: &PublicKey, algorithm: Algorithm) -> Result<CryptoKey, JsValue> {
    let (format, data): (_, Object) = match key {
        PublicKey::Spki(der) => ("spki", Uint8Array::from(der.as_slice()).into()),
        PublicKey::Jwk(jwk) => {
            let jwk = jwk.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?;
            // `use`, `key_ops` and `alg` could only contradict what the configuration says.
            let material = Object::new();
            for member in ["kty", "crv", "x", "y", "n", "e"] {
                Reflect::set(&material, &member.into(), &Reflect::get(&jwk, &member.into())?)?;
            }
            ("jwk", material)
        }
    };
    let usages = Array::of1(&"verify".into());
    let promise = subtle()?.import_key_with_object(format, &data, &parameters(algorithm)?, false, &usages)?;
    JsFuture::from(promise).await?.dyn_into()
}

/// The algorithm as WebCrypto names it, good for importing and verifying alike.
fn parameters(algorithm: Algorithm) -> Result<Object, JsValue> {
    const PKCS1: &str = "RSASSA-PKCS1-v1_5";
    const PSS: &str = "RSA-PSS";
    let (name, hash, curve) = match algorithm {
        Algorithm::Rs256 => (PKCS1, Some(256), None),
        Algorithm::Rs384 => (PKCS1, Some(384), None),
        Algorithm::Rs512 => (PKCS1, Some(512), None),
        Algorithm::Ps256 => (PSS, Some(256), None),
        Algorithm::Ps384 => (PSS, Some(384), None),
        Algorithm::Ps512 => (PSS, Some(512), None),
        Algorithm::Es256 => ("ECDSA", Some(256), Some("P-256")),
        Algorithm::Es384 => ("ECDSA", Some(384), Some("P-384")),
        Algorithm::Es512 => ("ECDSA", Some(512), Some("P-521")),
        Algorithm::EdDsa => ("Ed25519", None, None),
        // HMAC never leaves core; core asks for nothing that is not configured.
        _ => return Err("not an asymmetric algorithm".into()),
    };
    let object = Object::new();
    let set = |member: &str, value: JsValue| Reflect::set(&object, &member.into(), &value);
    set("name", name.into())?;
    if let Some(bits) = hash {
        set("hash", format!("SHA-{bits}").into())?;
        // As long as the hash (RFC 7518 section 3.5). The others do not look at it.
        set("saltLength", (bits / 8).into())?;
    }
    if let Some(curve) = curve {
        set("namedCurve", curve.into())?;
    }
    Ok(object)
}

fn subtle() -> Result<SubtleCrypto, JsValue> {
    let crypto: web_sys::Crypto = Reflect::get(&js_sys::global(), &"crypto".into())?.dyn_into()?;
    Ok(crypto.subtle())
}
