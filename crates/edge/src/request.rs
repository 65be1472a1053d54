//! What a request says of itself.

use js_sys::JsString;
use quash_engine::{Error, Head, config::Verify};
use wasm_bindgen::{JsCast, prelude::wasm_bindgen};
use worker::{Method, Request};

use crate::respond::platform;

/// What the engine looks at, copied out of JavaScript.
pub(crate) struct Copied {
    url: String,
    is_preflight: bool,
    authorization: Option<String>,
    cookie: Option<String>,
}

/// A request, whoever made a type for it.
pub(crate) trait AsRequest {
    /// The whole URL, as the platform has it.
    fn url(&self) -> String;
    fn is_options(&self) -> bool;
    fn header(&self, name: &str) -> Option<String>;

    fn authorization(&self) -> Option<String> {
        self.header("Authorization")
    }

    fn cookie(&self) -> Option<String> {
        self.header("Cookie")
    }
}

impl Copied {
    pub(crate) fn of(request: &impl AsRequest) -> Self {
        Self {
            url: request.url(),
            is_preflight: request.is_options()
                && request.header("Origin").is_some()
                && request.header("Access-Control-Request-Method").is_some(),
            authorization: request.authorization(),
            cookie: request.cookie(),
        }
    }

    /// Of the request that a proxy asks about, as it tells of it.
    pub(crate) fn forwarded(request: &impl AsRequest, Verify { uri, method }: &Verify) -> Self {
        let copied = Self::of(request);
        if uri.is_empty() {
            return copied;
        }
        let its = |name: &str| request.header(name).unwrap_or_default();
        let is_preflight = !method.is_empty()
            && its(method) == "OPTIONS"
            && request.header("Origin").is_some()
            && request.header("Access-Control-Request-Method").is_some();
        Self { url: its(uri), is_preflight, ..copied }
    }

    pub(crate) fn head(&self) -> Head<'_> {
        Head {
            url: &self.url,
            is_preflight: self.is_preflight,
            authorization: self.authorization.as_deref(),
            cookie: self.cookie.as_deref(),
        }
    }
}

impl AsRequest for Request {
    fn url(&self) -> String {
        self.inner().url()
    }

    fn is_options(&self) -> bool {
        self.method() == Method::Options
    }

    fn header(&self, name: &str) -> Option<String> {
        // The name is ours and well-formed, so there is nothing to fail.
        self.headers().get(name).ok().flatten()
    }

    fn authorization(&self) -> Option<String> {
        AUTHORIZATION.with(|name| self.headers().0.unchecked_ref::<Fields>().get(name))
    }

    fn cookie(&self) -> Option<String> {
        COOKIE.with(|name| self.headers().0.unchecked_ref::<Fields>().get(name))
    }
}

/// What is looked at of each request, asked for by names that JavaScript has already: to bring it one costs as much as to read the
/// header.
// rustfmt does not know that a static may have a value here, and takes it away.
#[rustfmt::skip]
#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(thread_local_v2, static_string)]
    static AUTHORIZATION: JsString = "Authorization";

    #[wasm_bindgen(thread_local_v2, static_string)]
    static COOKIE: JsString = "Cookie";

    /// A request's `Headers`.
    type Fields;

    #[wasm_bindgen(method)]
    fn get(this: &Fields, name: &JsString) -> Option<String>;
}

pub(crate) fn post_only(request: &Request) -> Result<(), Error> {
    if request.method() == Method::Post { Ok(()) } else { Err(Error::MethodNotAllowed("POST")) }
}

/// Whether a request changes nothing (RFC 9110 section 9.2.1).
pub(crate) fn is_read(request: &Request) -> bool {
    matches!(request.method(), Method::Get | Method::Head)
}

pub(crate) fn is_https(request: &Request) -> bool {
    request.inner().url().starts_with("https:")
}

/// The origin that a request was made to (RFC 6454 section 6.2).
pub(crate) fn own_origin(request: &Request) -> Result<String, Error> {
    let url = web_sys::Url::new(&request.inner().url()).map_err(|_| platform("a request without a URL".into()))?;
    Ok(url.origin())
}
