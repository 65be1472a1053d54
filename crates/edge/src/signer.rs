//! Signs JWTs, by WebCrypto.

use std::{cell::OnceCell, time::Duration};

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use js_sys::{Array, ArrayBuffer, JSON, Object, Uint8Array, futures::JsFuture};
use quash_core::{Algorithm, Timestamp};
use quash_engine::{
    Error, JsonObject, WebCryptoAlgorithm,
    config::{ConfigError, SigningKey},
};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::CryptoKey;

use crate::webcrypto::{crypto, subtle};

/// One key, imported when it is first needed and then kept: an import costs more than a signature.
pub(crate) struct Signer {
    key: SigningKey,
    imported: OnceCell<CryptoKey>,
}

impl Signer {
    pub(crate) fn new(key: &SigningKey) -> Self {
        Self { key: key.clone(), imported: OnceCell::new() }
    }

    /// A token of this type that says this: a JWS in its compact form (RFC 7515 section 7.1).
    ///
    /// # Errors
    /// [`Error::Configuration`]: the key cannot be used.
    pub(crate) async fn sign(&self, token_type: &str, claims: &str) -> Result<String, Error> {
        let SigningKey { id, algorithm, .. } = &self.key;
        let header = JsonObject::new().text("typ", token_type).text("alg", algorithm.name());
        let header = id.iter().fold(header, |header, id| header.text("kid", id)).end();
        let mut token = BASE64_URL_SAFE_NO_PAD.encode(header);
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.signature(&token).await.map_err(|cause| self.unusable(&cause))?;
        token.push('.');
        BASE64_URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        Ok(token)
    }

    async fn signature(&self, signing_input: &str) -> Result<Vec<u8>, JsValue> {
        let algorithm = self.algorithm()?;
        let key = match self.imported.get() {
            Some(key) => key,
            // Two requests may both import: harmless, and no promise of one request is awaited by another, which Workers forbid.
            None => {
                let imported = self.import(&algorithm).await?;
                self.imported.get_or_init(|| imported)
            }
        };
        let data = Uint8Array::from(signing_input.as_bytes());
        // ECDSA's is r ‖ s, as RFC 7518 section 3.4 wants it.
        let signature = subtle()?.sign_with_object_and_js_u8_array(&algorithm, key, &data)?;
        let signature: ArrayBuffer = JsFuture::from(signature).await?.dyn_into()?;
        Ok(Uint8Array::new(&signature).to_vec())
    }

    async fn import(&self, algorithm: &Object) -> Result<CryptoKey, JsValue> {
        let secret = &self.key.secret;
        let (format, data): (_, Object) = match self.key.algorithm.is_symmetric() {
            true => ("raw", Uint8Array::from(secret.as_bytes()).into()),
            false => ("jwk", JSON::parse(secret)?.dyn_into()?),
        };
        let usages = Array::of1(&"sign".into());
        let promise = subtle()?.import_key_with_object(format, &data, algorithm, false, &usages)?;
        JsFuture::from(promise).await?.dyn_into()
    }

    /// What WebCrypto calls it, for importing the key and for signing alike.
    fn algorithm(&self) -> Result<Object, JsValue> {
        let algorithm = match self.key.algorithm {
            Algorithm::Hs256 => r#"{"name":"HMAC","hash":"SHA-256"}"#.into(),
            Algorithm::Hs384 => r#"{"name":"HMAC","hash":"SHA-384"}"#.into(),
            Algorithm::Hs512 => r#"{"name":"HMAC","hash":"SHA-512"}"#.into(),
            other => WebCryptoAlgorithm::of(other).map(WebCryptoAlgorithm::json).unwrap_or_default(),
        };
        JSON::parse(&algorithm)?.dyn_into()
    }

    /// WebCrypto's errors name no part of a key.
    fn unusable(&self, cause: &JsValue) -> Error {
        ConfigError::new(&self.key.field, format_args!("cannot be used to sign: {cause:?}")).into()
    }
}

/// A `NumericDate` (RFC 7519 section 2). Cut off, so that no token lives longer than it may.
pub(crate) const fn seconds(time: Timestamp) -> u64 {
    Duration::from_millis(time.as_millis()).as_secs()
}

/// A `jti` that nobody else has: 128 bits at random.
///
/// # Errors
/// [`Error::Platform`].
pub(crate) fn random_id() -> Result<String, Error> {
    let mut bytes = [0; 16];
    crypto()
        .and_then(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).map(drop))
        .map_err(|cause| Error::Platform(format!("there are no random numbers: {cause:?}")))?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}
