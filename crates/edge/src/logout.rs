use quash_core::{Revocation, Timestamp};
use quash_engine::{Credential, Error, Logout, Presented, Scope, config::Routes};

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
        logout.token(source, revocations_of(guard, token, scope, now, &mut issuer).await)?;
    }
    for Credential { token, .. } in presented.refresh_tokens(&routes.refresh_cookies)? {
        logout.refresh_token(of_refresh_token(guard, token, scope, now, &mut issuer).await)?;
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

async fn revocations_of(
    guard: &Guard,
    token: &str,
    scope: Scope,
    now: Timestamp,
    issuer: &mut Option<String>,
) -> Result<Option<Vec<Revocation>>, Error> {
    let token = guard.verify(token).await?;
    issuer.get_or_insert_with(|| token.issuer().name.clone());
    let revocations = scope.revocations_of(&token, now)?;
    if scope.is_wider() && revocations.is_some() {
        guard.check(&token.validate(now)?).await?;
    }
    Ok(revocations)
}

/// The same of a refresh token. What ends more than itself must be meant for its issuer, as that is, or for
/// us: an ID token of another app's must not log its user out of this one.
async fn of_refresh_token(
    guard: &Guard,
    token: &str,
    scope: Scope,
    now: Timestamp,
    issuer: &mut Option<String>,
) -> Result<Option<Vec<Revocation>>, Error> {
    let token = guard.verify(token).await?;
    issuer.get_or_insert_with(|| token.issuer().name.clone());
    let scope = scope.of_refresh_token(&token);
    let revocations = scope.revocations_of(&token, now)?;
    if scope.is_wider() && revocations.is_some() {
        guard.check(&token.for_issuer_or_us(now)?).await?;
    }
    Ok(revocations)
}
