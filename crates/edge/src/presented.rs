use quash_engine::{Error, Presented, Provenance, Source, config::Routes, credentials};
use worker::Request;

use crate::{
    body,
    request::{AsRequest, own_origin, post_only},
};

/// Takes a POST from a page of ours, or from no page at all, with credentials that may be in these cookies.
///
/// # Errors
/// Of the caller's: the method, the page, or a body that is no form.
pub(crate) async fn read(request: &mut Request, routes: &Routes, cookies: &[String]) -> Result<Presented, Error> {
    post_only(request)?;
    let (authorization, cookie) = (request.header("Authorization"), request.header("Cookie"));
    let mut presented = credentials(authorization.as_deref(), cookie.as_deref(), cookies);
    let (fetch_site, origin) = (request.header("Sec-Fetch-Site"), request.header("Origin"));
    let provenance = Provenance {
        fetch_site: fetch_site.as_deref(),
        origin: origin.as_deref(),
        own_origin: &own_origin(request)?,
        has_cookie: presented.any(|credential| credential.source != Source::Header),
    };
    drop(presented);
    provenance.check(&routes.allowed_origins)?;
    Ok(Presented::new(authorization, cookie, body::form(request).await?))
}
