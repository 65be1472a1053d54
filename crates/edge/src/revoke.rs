use std::rc::Rc;

use quash_core::{Reason, Timestamp};
use quash_engine::{
    Error,
    config::{Client, Routes},
};

use crate::guard::Guard;

/// Revokes a token for an authenticated client (RFC 7009).
///
/// # Errors
/// [`Error::ClientForbidden`], [`Error::ClientMismatch`], [`Error::StoreUnavailable`] or [`Error::Configuration`]. A token that is garbled, foreign,
/// wrongly signed or expired is no error (section 2.2): it does not work anyway, which is what the client wants.
pub(crate) async fn revoke(
    guard: &Rc<Guard>,
    routes: &Routes,
    client: &Client,
    token: &str,
    now: Timestamp,
) -> Result<(), Error> {
    if !client.may_revoke() {
        return Err(Error::ClientForbidden);
    }
    // Section 2.1: "verifies whether the token was issued to the client making the revocation request".
    let token = match guard.verify(token).await {
        Ok(token) => token,
        Err(Error::Refused(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    if token.claims().client().is_some_and(|issued_to| issued_to != client.id()) {
        return Err(Error::ClientMismatch);
    }
    let Some(revocation) = token.revocation(Reason::Client, now) else { return Ok(()) };
    // Of a refresh token "SHOULD also invalidate all access tokens based on the same authorization grant".
    let family = token.family(Reason::Client, now).filter(|_| token.is_refresh_token());
    let revocations: Vec<_> = [revocation].into_iter().chain(family).collect();
    let mark = routes.status_mark(&token.issuer().name, token.claims().members(), &revocations);
    guard.record_marked(&revocations, &[], mark.as_slice(), now).await.map(drop)
}
