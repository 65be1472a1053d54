//! Logouts that an issuer sends (OpenID Connect Back-Channel Logout 1.0).

use quash_engine::{Error, config::Routes};
use worker::{Request, Response};

use crate::{
    form::Form,
    guard::{Guard, now},
    request::post_only,
    respond,
};

/// Takes a logout token, and answers when what it ends is durably revoked.
pub(crate) async fn answer(guard: &Guard, routes: &Routes, request: &mut Request) -> worker::Result<Response> {
    match take(guard, routes, request).await {
        Ok(()) => respond::empty(200),
        Err(error @ (Error::Refused(_) | Error::Parameter(_))) => respond::bad_request(&error),
        // Section 2.8 has 400 for a logout that failed, too. An outage is no fault of the issuer's, and it may try again.
        Err(error) => respond::refusal(&error),
    }
}

async fn take(guard: &Guard, routes: &Routes, request: &mut Request) -> Result<(), Error> {
    post_only(request)?;
    // Section 2.5: whatever else the form has is ignored.
    let form = Form::read(request).await?;
    let text = form.field("logout_token")?.ok_or(Error::Parameter("logout_token"))?;
    let now = now();
    let token = guard.verify(text).await?;
    let audiences = routes
        .signals_of(token.claims().issuer())
        .into_iter()
        .flat_map(|signals| &signals.logout_audiences)
        .map(String::as_str);
    let token = token.into_logout_token(&audiences.collect::<Vec<_>>(), now)?;
    match token.revocation(now) {
        Some(revocation) => guard.record(&[revocation], now).await,
        None => Ok(()),
    }
}
