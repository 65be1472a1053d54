//! Asymmetric signatures, checked by the platform: WebCrypto is 13 to 21 times faster at them than wasm.

use std::{cell::RefCell, collections::HashMap};

use js_sys::{Array, Object, Reflect, Uint8Array, futures::JsFuture};
use quash_core::{Algorithm, HostKey, SignatureCheck};
use quash_engine::{Engine, Error, Filed, PublicKey, WebCryptoAlgorithm};
use serde::Serialize;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Crypto, CryptoKey, SubtleCrypto};

/// The engine's public keys, each imported when it is first needed and then kept: an import costs more than a verification.
#[derive(Default)]
pub(crate) struct ImportedKeys(RefCell<HashMap<HostKey, CryptoKey>>);

impl ImportedKeys {
    /// Whether the signature is right.
    ///
    /// # Errors
    /// [`Error::Configuration`] or [`Error::KeysUnavailable`] when the key cannot be imported.
    pub(crate) async fn check(&self, engine: &RefCell<Engine>, check: &SignatureCheck) -> Result<bool, Error> {
        let key = match self.key(engine, check.key()).await? {
            Some(key) => key,
            // Withdrawn since the engine has asked, so the answer does not matter.
            None => return Ok(false),
        };
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

    async fn key(&self, engine: &RefCell<Engine>, number: HostKey) -> Result<Option<CryptoKey>, Error> {
        if let Some(key) = self.0.borrow().get(&number) {
            return Ok(Some(key.clone()));
        }
        let Some(filed) = engine.borrow().host_key(number).cloned() else { return Ok(None) };
        // Two requests may both import: harmless, and no promise of one request is awaited by another, which Workers forbid.
        let key = import(&filed).await.map_err(|cause| filed.unusable(&format!("{cause:?}")))?;
        let mut imported = self.0.borrow_mut();
        imported.retain(|number, _| engine.borrow().host_key(*number).is_some());
        imported.insert(number, key.clone());
        Ok(Some(key))
    }
}

async fn import(Filed { algorithm, key, .. }: &Filed) -> Result<CryptoKey, JsValue> {
    let (format, data): (_, Object) = match key {
        PublicKey::Spki(der) => ("spki", Uint8Array::from(der.as_slice()).into()),
        PublicKey::Jwk(jwk) => ("jwk", object(jwk)?),
    };
    let usages = Array::of1(&"verify".into());
    let promise = subtle()?.import_key_with_object(format, &data, &parameters(*algorithm)?, false, &usages)?;
    JsFuture::from(promise).await?.dyn_into()
}

fn parameters(algorithm: Algorithm) -> Result<Object, JsValue> {
    object(&WebCryptoAlgorithm::of(algorithm))
}

fn object(value: &impl Serialize) -> Result<Object, JsValue> {
    value.serialize(&serde_wasm_bindgen::Serializer::json_compatible())?.dyn_into()
}

pub(crate) fn subtle() -> Result<SubtleCrypto, JsValue> {
    Ok(crypto()?.subtle())
}

pub(crate) fn crypto() -> Result<Crypto, JsValue> {
    Reflect::get(&js_sys::global(), &"crypto".into())?.dyn_into()
}
