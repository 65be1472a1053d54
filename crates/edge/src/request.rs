//! What a request says of itself.

use worker::{Method, Request};

use crate::error::Error;

/// A header's value. The name is ours and well-formed, so there is nothing to fail.
pub(crate) fn header(request: &Request, name: &str) -> Option<String> {
    request.headers().get(name).ok().flatten()
}

pub(crate) fn post_only(request: &Request) -> Result<(), Error> {
    if request.method() == Method::Post { Ok(()) } else { Err(Error::MethodNotAllowed("POST")) }
}

/// Whether a browser asks what another origin's page may send (Fetch section 3.3.2). It asks without any credential, and
/// nothing is done for it.
pub(crate) fn is_preflight(request: &Request) -> bool {
    request.method() == Method::Options
        && header(request, "Origin").is_some()
        && header(request, "Access-Control-Request-Method").is_some()
}

pub(crate) fn is_https(request: &Request) -> worker::Result<bool> {
    Ok(request.url()?.scheme() == "https")
}
