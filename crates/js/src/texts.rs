//! What a host reads as text.

use std::time::Duration;

use quash_core::RevocationId;
use quash_engine::{
    Answer, Error, Fetch, Filed, Jwk, MOMENT, NEARBY, PublicKey, STORE_TIMEOUT, WebCryptoAlgorithm,
    config::{Config, Origin},
    denylist_key,
};
use serde::Serialize;

/// What a host needs of the configuration.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Settings<'a> {
    origin: &'a Origin,
    /// The binding of the KV namespace.
    denylist: &'a str,
    /// How long that may take, in milliseconds.
    store_timeout: u64,
    /// What the addresses of ours in the data centre's cache start with.
    nearby: &'a str,
    /// How soon to look again for what somebody else reads, in milliseconds.
    moment: u64,
}

pub(crate) fn settings(config: &Config) -> String {
    json(&Settings {
        origin: &config.origin,
        denylist: &config.denylist,
        store_timeout: millis(STORE_TIMEOUT),
        nearby: NEARBY,
        moment: millis(MOMENT),
    })
}

#[derive(Serialize)]
struct Refusal<'a> {
    status: u16,
    headers: &'a [(&'static str, String)],
    body: &'a str,
    /// For the log alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    internal: Option<String>,
}

pub(crate) fn refusal(error: &Error) -> String {
    let Answer { status, headers, body } = error.answer();
    json(&Refusal { status, headers: &headers, body: &body, internal: error.internal() })
}

/// The keys of a look-up, one on each line.
pub(crate) fn keys(ids: impl Iterator<Item = RevocationId>) -> String {
    let keys: Vec<String> = ids.map(denylist_key).collect();
    keys.join("\n")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    url: &'a str,
    /// Milliseconds.
    cached_for: u64,
    /// Milliseconds.
    timeout: u64,
    max_bytes: usize,
}

pub(crate) fn document(fetch: &Fetch) -> String {
    let Fetch { url, cached_for, timeout, max_bytes, .. } = fetch;
    json(&Document { url, cached_for: millis(*cached_for), timeout: millis(*timeout), max_bytes: *max_bytes })
}

/// A key with what `crypto.subtle.importKey` wants to know.
#[derive(Serialize)]
struct Import<'k> {
    format: &'static str,
    key: Key<'k>,
    algorithm: Option<WebCryptoAlgorithm>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Key<'k> {
    Bytes(&'k [u8]),
    Jwk(&'k Jwk),
}

pub(crate) fn import(filed: &Filed) -> String {
    let (format, key) = match &filed.key {
        PublicKey::Spki(der) => ("spki", Key::Bytes(der)),
        PublicKey::Jwk(jwk) => ("jwk", Key::Jwk(jwk)),
    };
    json(&Import { format, key, algorithm: WebCryptoAlgorithm::of(filed.algorithm) })
}

const fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}

fn json(value: &impl Serialize) -> String {
    // Texts and numbers alone cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}
