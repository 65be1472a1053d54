//! `GET /status-lists/{n}`: a list that tells whoever verifies tokens elsewhere which of them are revoked (Token Status List,
//! draft-ietf-oauth-status-list).

use std::time::Duration;

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use js_sys::{ArrayBuffer, Uint8Array, futures::JsFuture};
use quash_engine::{Error, JsonObject, config::StatusIssuer, quality};
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::{Cache, Headers, Request, Response};

use crate::{
    guard::{Guard, later},
    ledger::LedgerClient,
    request::{AsRequest, is_read},
    respond::{self, platform},
    signer::{Signer, seconds},
    wait_until::wait_until,
    within::within,
};

/// Section 5.1: its media type, and `typ`. As CBOR there is none.
const MEDIA_TYPE: &str = "application/statuslist+jwt";
const TOKEN_TYPE: &str = "statuslist+jwt";

/// For how long one data centre gives the same answer, if not for less: so a list costs one request and one signature in this time.
const MAX_COPY: Duration = Duration::from_secs(30);

/// How long the data centre's cache may take.
const CACHE_TIMEOUT: Duration = Duration::from_millis(250);

/// Answers whoever reads a list: anybody, and any page (section 8.1).
pub(crate) async fn answer(
    guard: &Guard,
    list: Result<(&StatusIssuer, &Signer, u64), Error>,
    request: &Request,
) -> worker::Result<Response> {
    let answer = match list {
        Ok((lists, signer, number)) => answered(guard, lists, signer, number, request).await,
        Err(error) => Err(error),
    };
    let mut answer = answer.or_else(|error| respond::refusal(&error))?;
    answer.headers_mut().set("Access-Control-Allow-Origin", "*")?;
    Ok(answer)
}

async fn answered(
    guard: &Guard,
    lists: &StatusIssuer,
    signer: &Signer,
    number: u64,
    request: &Request,
) -> Result<Response, Error> {
    if !is_read(request) {
        return Err(Error::MethodNotAllowed("GET, HEAD"));
    }
    if quality(request.header("Accept").as_deref(), MEDIA_TYPE) == 0 {
        return Err(Error::NotAcceptable);
    }
    // The configuration sees to it that there is one.
    let Ok(ledger) = guard.ledger() else { return Err(Error::StatusListUnknown) };
    let token = match within(CACHE_TIMEOUT, copied(ledger, number)).await.flatten() {
        Some(token) => token,
        None => {
            let token = published(ledger, lists, signer, number).await?;
            keep(ledger, number, token.clone(), lists.ttl.min(MAX_COPY));
            token
        }
    };
    let takes_gzip = request.header("Accept-Encoding").is_some_and(|codings| codings.contains("gzip"));
    answer_of(token, lists.ttl, takes_gzip).map_err(platform)
}

fn answer_of(token: String, ttl: Duration, takes_gzip: bool) -> worker::Result<Response> {
    let headers = Headers::new();
    headers.set("Content-Type", MEDIA_TYPE)?;
    headers.set("Cache-Control", &format!("public, max-age={}", ttl.as_secs()))?;
    headers.set("X-Content-Type-Options", "nosniff")?;
    headers.set("Vary", "Accept, Accept-Encoding")?;
    if takes_gzip {
        // The platform does it, as for every answer that says so.
        headers.set("Content-Encoding", "gzip")?;
    }
    Ok(Response::from_bytes(token.into_bytes())?.with_headers(headers))
}

/// The list as it is now (section 5.1). `iss` is not needed there, and tells whose key it is signed with.
async fn published(ledger: &LedgerClient, lists: &StatusIssuer, signer: &Signer, number: u64) -> Result<String, Error> {
    // Before it is read: what is revoked meanwhile may not be in it.
    let now = later();
    let bytes = ledger.status_list(number, lists.size).await?;
    let zlib = deflated(&bytes).await.map_err(|cause| Error::Platform(format!("cannot deflate: {cause:?}")))?;
    let list = JsonObject::new().number("bits", 1).text("lst", &BASE64_URL_SAFE_NO_PAD.encode(zlib));
    // Of a copy whoever has it when that is oldest may still make use for `ttl`.
    let expires_at = now.plus(lists.ttl).plus(lists.ttl);
    let claims = JsonObject::new()
        .text("iss", &lists.issuer)
        .text("sub", &lists.uri(number))
        .number("iat", seconds(now))
        .number("exp", seconds(expires_at))
        .number("ttl", lists.ttl.as_secs())
        .json("status_list", &list.end());
    signer.sign(TOKEN_TYPE, &claims.end()).await
}

/// Compressed as zlib has it (RFC 1950), by the platform: section 4.1.
async fn deflated(bytes: &[u8]) -> Result<Vec<u8>, JsValue> {
    let body = web_sys::Response::new_with_opt_js_u8_array(Some(&Uint8Array::from(bytes)))?.body();
    let compression = CompressionStream::new("deflate")?;
    let body = body.ok_or("a response without a body")?.pipe_through(compression.unchecked_ref());
    let promise = web_sys::Response::new_with_opt_readable_stream(Some(&body))?.array_buffer()?;
    let buffer: ArrayBuffer = JsFuture::from(promise).await?.dyn_into()?;
    Ok(Uint8Array::new(&buffer).to_vec())
}

#[wasm_bindgen]
extern "C" {
    /// Compression Streams section 4: for web-sys it is not stable yet.
    type CompressionStream;

    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<CompressionStream, JsValue>;
}

async fn copied(ledger: &LedgerClient, number: u64) -> Option<String> {
    Cache::default().get(ledger.status_list_copy(number), false).await.ok()??.text().await.ok()
}

/// Copies it for other isolates, after the request that is being answered.
fn keep(ledger: &LedgerClient, number: u64, token: String, kept_for: Duration) {
    let copy = ledger.status_list_copy(number);
    wait_until(async move {
        let kept = async {
            let headers = Headers::from_iter([("Cache-Control", format!("max-age={}", kept_for.as_secs()).as_str())]);
            Cache::default().put(copy, Response::from_bytes(token.into_bytes())?.with_headers(headers)).await
        };
        if let Err(error) = kept.await {
            worker::console_warn!("quash: a status list was not copied to the data centre's cache: {error}");
        }
    });
}

/// Has the data centre forget its copies of lists that have changed. Where it does not, they are forgotten by themselves.
pub(crate) async fn forget(ledger: &LedgerClient, lists: &[u64]) {
    let cache = Cache::default();
    for list in lists {
        if within(CACHE_TIMEOUT, cache.delete(ledger.status_list_copy(*list), true)).await.is_none() {
            return;
        }
    }
}
