//! Reads what issuers publish, through the data centre's cache.

use std::{cell::RefCell, time::Duration};

use futures_util::StreamExt;
use quash_core::Timestamp;
use quash_engine::{Deflated, Engine, Fetch, Fetched, Keep, NEARBY, STORE_TIMEOUT, Taken};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};
use web_sys::{ReadableWritablePair, Request, RequestInit, RequestRedirect};
use worker::{Cache, Headers, Response};

use crate::{guard::later, webcrypto::ImportedKeys, within::within};

/// When a copy was read, in milliseconds since the epoch, and how old it was then, and what its issuer said of it: `Age` and
/// `Cache-Control` are the cache's own.
const READ_AT: &str = "Quash-Read-At";
const AGE: &str = "Quash-Age";
const CACHE_CONTROL: &str = "Quash-Cache-Control";

#[wasm_bindgen]
extern "C" {
    /// web-sys has it behind `web_sys_unstable_apis`, which would be for whoever builds a Worker to set.
    #[wasm_bindgen(extends = ReadableWritablePair)]
    type DecompressionStream;

    #[wasm_bindgen(constructor, catch)]
    fn new(format: &str) -> Result<DecompressionStream, JsValue>;
}

/// A document as it came, from the issuer or from the cache.
struct Document {
    body: Vec<u8>,
    cache_control: Option<String>,
    /// When it was read.
    age: Duration,
    /// Since then.
    kept: Duration,
}

/// Reads a document and tells the engine. What comes back is to be read next.
pub(crate) async fn read(engine: &RefCell<Engine>, imported: &ImportedKeys, fetch: &Fetch) -> Option<Fetch> {
    if let Some(document) = within(STORE_TIMEOUT, cached(fetch)).await.flatten() {
        return tell(engine, imported, fetch, Ok(&document)).await.next;
    }
    let late = || Err(format!("no answer in {} s", fetch.timeout.as_secs()));
    let document = within(fetch.timeout, published(fetch)).await.unwrap_or_else(late);
    let keep = tell(engine, imported, fetch, document.as_ref()).await;
    if let Ok(document) = document
        && !keep.lifetime.is_zero()
        && let Some(Err(error)) = within(STORE_TIMEOUT, copy(fetch, document, keep.lifetime)).await
    {
        worker::console_warn!("quash: {} was not copied to the data centre's cache: {error}", fetch.url);
    }
    keep.next
}

/// Tells the engine, and does with the document what it wants of it.
async fn tell(
    engine: &RefCell<Engine>,
    imported: &ImportedKeys,
    fetch: &Fetch,
    document: Result<&Document, &String>,
) -> Keep {
    let fetched = document.map_err(Clone::clone).map(|document| Fetched {
        body: &document.body,
        cache_control: document.cache_control.as_deref(),
        age: document.age,
        kept: document.kept,
    });
    if let Err(problem) = &fetched {
        worker::console_warn!("quash: {}: {problem}", fetch.url);
    }
    // Each alone, or the engine would be held while somebody else works.
    let mut taken = engine.borrow_mut().fetched(fetch, fetched, later());
    loop {
        taken = match taken {
            Taken::Done(keep) => return keep,
            Taken::Check(checking) => {
                let valid = imported.check(engine, &checking.check).await.map_err(|error| error.to_string());
                engine.borrow_mut().list_checked(checking, valid, later())
            }
            Taken::Inflate(deflated) => {
                let inflated = inflate(&deflated).await;
                engine.borrow_mut().inflated(deflated, inflated, later())
            }
        }
    }
}

/// By the platform: nothing in this module can.
async fn inflate(deflated: &Deflated) -> Result<Vec<u8>, String> {
    let text = |error: JsValue| format!("{error:?}");
    let decompression = DecompressionStream::new("deflate").map_err(text)?;
    let mut bytes = deflated.bytes().to_vec();
    let response = web_sys::Response::new_with_opt_u8_array(Some(&mut bytes)).map_err(text)?;
    let stream = response.body().ok_or("has no bytes")?.pipe_through(&decompression);
    let response = web_sys::Response::new_with_opt_readable_stream(Some(&stream)).map_err(text)?;
    bytes_of(response.into(), deflated.max_bytes()).await
}

async fn published(fetch: &Fetch) -> Result<Document, String> {
    let text = |error: worker::Error| error.to_string();
    let init = RequestInit::new();
    init.set_redirect(RequestRedirect::Manual);
    let request = Request::new_with_str_and_init(&fetch.url, &init).map_err(|error| text(error.into()))?;
    request.headers().set("Accept", fetch.accept()).map_err(|error| text(error.into()))?;
    let response = worker::Fetch::Request(request.into()).send().await.map_err(text)?;
    if response.status_code() != 200 {
        return Err(format!("answers {}", response.status_code()));
    }
    let age = header(&response, "Age").and_then(|secs| secs.parse().ok()).map_or(Duration::ZERO, Duration::from_secs);
    let (cache_control, kept) = (header(&response, "Cache-Control"), Duration::ZERO);
    Ok(Document { body: bytes_of(response, fetch.max_bytes).await?, cache_control, age, kept })
}

async fn cached(fetch: &Fetch) -> Option<Document> {
    let response = Cache::default().get(url(fetch), false).await.ok()??;
    let read_at = header(&response, READ_AT)?.parse().ok()?;
    let kept = later().since(Timestamp::from_millis(read_at));
    if kept > fetch.cached_for {
        return None;
    }
    let age = Duration::from_millis(header(&response, AGE)?.parse().ok()?);
    let cache_control = header(&response, CACHE_CONTROL);
    Some(Document { body: bytes_of(response, fetch.max_bytes).await.ok()?, cache_control, age, kept })
}

/// All of a body, unless that is too much: the rest of it is never read.
async fn bytes_of(mut response: Response, max_bytes: usize) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    let mut chunks = response.stream().map_err(|error| error.to_string())?;
    while let Some(chunk) = chunks.next().await {
        body.extend(chunk.map_err(|error| error.to_string())?);
        if body.len() > max_bytes {
            return Err(format!("has more than {max_bytes} bytes"));
        }
    }
    Ok(body)
}

async fn copy(fetch: &Fetch, document: Document, lifetime: Duration) -> worker::Result<()> {
    let headers = Headers::new();
    headers.set("Cache-Control", &format!("max-age={}", lifetime.as_secs()))?;
    headers.set(READ_AT, &later().as_millis().to_string())?;
    headers.set(AGE, &document.age.as_millis().to_string())?;
    headers.set(CACHE_CONTROL, &document.cache_control.unwrap_or_default())?;
    let response = Response::from_bytes(document.body)?.with_headers(headers);
    Cache::default().put(url(fetch), response).await
}

fn header(response: &Response, name: &str) -> Option<String> {
    response.headers().get(name).ok().flatten()
}

/// Not the document's own address: what is kept there could be anybody's copy.
fn url(fetch: &Fetch) -> String {
    let escaped: String = form_urlencoded::byte_serialize(fetch.url.as_bytes()).collect();
    format!("{NEARBY}keys/{escaped}")
}
