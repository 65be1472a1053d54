//! What a host reads as text. Never inlined: V8 compiles a function as a whole when it first runs, and most of these never do.

use std::time::Duration;

use quash_core::RevocationId;
use quash_engine::{
    Answer, Error, Fetch, Filed, JsonObject, LedgerRead, NEARBY, PublicKey, Question, STORE_TIMEOUT,
    WebCryptoAlgorithm,
    config::{Config, Origin, Verify},
    denylist_key, json_array, quoted,
};

/// What a host needs of the configuration: `settings.ts`.
#[inline(never)]
pub(crate) fn settings(config: &Config) -> String {
    let origin = JsonObject::new();
    let origin = match &config.origin {
        None => origin,
        Some(Origin::Url(url)) => origin.text("url", url),
        Some(Origin::Service(name)) => origin.text("service", name),
        Some(Origin::Assets(name)) => origin.text("assets", name),
    };
    let settings = match &config.routes.verify {
        None => JsonObject::new(),
        Some(Verify { uri, method }) => {
            JsonObject::new().json("verify", &JsonObject::new().text("uri", uri).text("method", method).end())
        }
    };
    settings
        .json("origin", &origin.end())
        .text("denylist", &config.denylist)
        .number("storeTimeout", millis(STORE_TIMEOUT))
        .text("nearby", NEARBY)
        .text("rateLimit", config.rate_limit.as_ref().map_or("", |limit| &limit.binding))
        .text("mode", config.routes.mode.name())
        .number("log", config.observe.log as u64)
        .text("analytics", &config.observe.analytics)
        .json("serverTiming", if config.observe.server_timing { "true" } else { "false" })
        .text("ledger", config.ledger.as_ref().map_or("", |ledger| &ledger.binding))
        .end()
}

/// The answer to a request that may not pass, and what is for the log alone.
#[inline(never)]
pub(crate) fn refusal(error: &Error) -> String {
    let refusal = answer(&error.answer());
    match error.internal() {
        None => refusal.end(),
        Some(internal) => refusal.text("internal", &internal).end(),
    }
}

/// An answer.
#[inline(never)]
pub(crate) fn answer(Answer { status, headers, body }: &Answer) -> JsonObject {
    let headers = headers.iter().map(|(name, value)| json_array([quoted(name), quoted(value)]));
    JsonObject::new().number("status", (*status).into()).json("headers", &json_array(headers)).text("body", body)
}

/// The keys of a look-up, one on each line.
#[inline(never)]
pub(crate) fn keys(ids: impl Iterator<Item = RevocationId>) -> String {
    let keys: Vec<String> = ids.map(denylist_key).collect();
    keys.join("\n")
}

/// What to ask shards of the ledger.
#[inline(never)]
pub(crate) fn questions(questions: &[Question]) -> String {
    json_array(questions.iter().map(|Question { object, url, body }| {
        JsonObject::new().text("object", object).text("url", url).text("body", body).end()
    }))
}

/// A part of the ledger to read.
#[inline(never)]
pub(crate) fn ledger_read(read: &LedgerRead) -> JsonObject {
    JsonObject::new()
        .text("object", &read.object)
        .text("url", &read.url)
        .text("copy", &read.copy)
        .number("direct", read.is_direct().into())
        .number("keptFor", read.kept_for.as_secs())
        .number("timeout", millis(read.timeout))
        .number("askedAt", read.asked_at().as_millis())
}

/// A document to read.
#[inline(never)]
pub(crate) fn document(fetch: &Fetch) -> String {
    JsonObject::new()
        .text("url", &fetch.url)
        .text("accept", fetch.accept())
        .number("cachedFor", millis(fetch.cached_for))
        .number("timeout", millis(fetch.timeout))
        .number("maxBytes", fetch.max_bytes as u64)
        .end()
}

/// A key with what `crypto.subtle.importKey` wants to know: of a JWK the object, of a DER `SubjectPublicKeyInfo` a list of bytes.
#[inline(never)]
pub(crate) fn import(filed: &Filed) -> String {
    let (format, key) = match &filed.key {
        PublicKey::Spki(der) => ("spki", json_array(der.iter().map(u8::to_string))),
        PublicKey::Jwk(jwk) => ("jwk", jwk.json()),
    };
    let algorithm = WebCryptoAlgorithm::of(filed.algorithm).map_or_else(|| "{}".into(), WebCryptoAlgorithm::json);
    JsonObject::new().text("format", format).json("key", &key).json("algorithm", &algorithm).end()
}

const fn millis(duration: Duration) -> u64 {
    duration.as_millis() as u64
}
