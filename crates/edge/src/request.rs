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

impl Copied {
    pub(crate) fn of(request: &Request) -> Self {
        Self {
            url: request.inner().url(),
            is_preflight: request.method() == Method::Options
                && header(request, "Origin").is_some()
                && header(request, "Access-Control-Request-Method").is_some(),
            authorization: header(request, "Authorization"),
            cookie: header(request, "Cookie"),
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

/// A header's value. The name is ours and well-formed, so there is nothing to fail.
pub(crate) fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
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
