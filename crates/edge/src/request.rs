//! What a request says of itself.

use quash_engine::{Error, Head};
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
}

impl Copied {
    pub(crate) fn of(request: &impl AsRequest) -> Self {
        Self {
            url: request.url(),
            is_preflight: request.is_options()
                && request.header("Origin").is_some()
                && request.header("Access-Control-Request-Method").is_some(),
            authorization: request.header("Authorization"),
            cookie: request.header("Cookie"),
        }
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
}

pub(crate) fn post_only(request: &Request) -> Result<(), Error> {
    if request.method() == Method::Post { Ok(()) } else { Err(Error::MethodNotAllowed("POST")) }
}

pub(crate) fn is_https(request: &Request) -> bool {
    request.inner().url().starts_with("https:")
}

/// The origin that a request was made to (RFC 6454 section 6.2).
pub(crate) fn own_origin(request: &Request) -> Result<String, Error> {
    let url = web_sys::Url::new(&request.inner().url()).map_err(|_| platform("a request without a URL".into()))?;
    Ok(url.origin())
}
