use quash_core::{Revocation, Timestamp};
use quash_engine::{Credential, Ends, Error, Logout, Presented, Scope, TokenKind, config::Routes};

use crate::guard::Guard;

/// Revokes what the presented tokens and the handle allow, and comes back when that is durable. Tells whose token was the first, too.
///
/// # Errors
/// [`Error::StoreUnavailable`]: nothing is acknowledged. [`Error::Configuration`]: a key of ours cannot be used. A token's or
/// handle's own faults are no errors: they are in the receipt.
pub(crate) async fn logout(
    guard: &Guard,
    routes: &Routes,
    presented: &Presented,
    now: Timestamp,
) -> Result<(Logout, Option<String>), Error> {
    let scope = Scope::parse(presented.field("scope")?)?;
    let (mut logout, mut issuer) = (Logout::new(scope, now), None);
    for Credential { source, token } in presented.tokens(&routes.token_cookies)? {
        let kind = TokenKind::Access(source);
        logout.token(kind, ended_by(guard, token, kind, scope, now, &mut issuer).await)?;
    }
    for Credential { token, .. } in presented.refresh_tokens(&routes.refresh_cookies)? {
        let kind = TokenKind::Refresh;
        logout.token(kind, ended_by(guard, token, kind, scope, now, &mut issuer).await)?;
    }
    if let Some(handle) = presented.field("handle")? {
        logout.handle(handle, guard.engine().peppers())?;
    }
    let revocations = logout.revocations();
    if !revocations.is_empty() {
        guard.record(&revocations, now).await?;
    }
    Ok((logout, issuer))
}

async fn ended_by(
    guard: &Guard,
    token: &str,
    kind: TokenKind,
    scope: Scope,
    now: Timestamp,
    issuer: &mut Option<String>,
) -> Result<Option<Vec<Revocation>>, Error> {
    let token = guard.verify(token).await?;
    issuer.get_or_insert_with(|| token.issuer().name.clone());
    let Some(Ends { revocations, by }) = scope.ends(token, kind, now)? else { return Ok(None) };
    if let Some(token) = by {
        guard.check(&token).await?;
    }
    Ok(Some(revocations))
}
