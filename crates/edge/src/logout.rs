use quash_core::{Revocation, Timestamp};
use quash_engine::{Credential, Error, Logout, Scope};

use crate::guard::Guard;

/// Revokes what the presented tokens and the handle allow, and comes back when that is durable.
///
/// # Errors
/// [`Error::StoreUnavailable`]: nothing is acknowledged. [`Error::Configuration`]: a key of ours cannot be used. A token's or
/// handle's own faults are no errors: they are in the receipt.
pub(crate) async fn logout(
    guard: &Guard,
    presented: &[Credential<'_>],
    handle: Option<&str>,
    scope: Scope,
    now: Timestamp,
) -> Result<Logout, Error> {
    let mut logout = Logout::new(scope, now);
    for credential in presented {
        logout.token(credential.source, revocations_of(guard, credential.token, scope, now).await)?;
    }
    if let Some(handle) = handle {
        logout.handle(handle, guard.engine().peppers())?;
    }
    let revocations = logout.revocations();
    if !revocations.is_empty() {
        guard.record(&revocations, now).await?;
    }
    Ok(logout)
}

async fn revocations_of(
    guard: &Guard,
    token: &str,
    scope: Scope,
    now: Timestamp,
) -> Result<Option<Vec<Revocation>>, Error> {
    let token = guard.verify(token).await?;
    let revocations = scope.revocations_of(&token, now)?;
    if scope.is_wider() && revocations.is_some() {
        guard.check(&token.validate(now)?).await?;
    }
    Ok(revocations)
}
