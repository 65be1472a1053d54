use std::rc::Rc;

use quash_core::{Revocation, Timestamp};
use quash_engine::{Credential, Error, Logout, Presented, Scope, StatusMark, TokenKind, config::Routes};

use crate::guard::Guard;

/// What is told of the tokens besides what becomes of each.
#[derive(Default)]
struct Noted {
    /// Whose the first was.
    issuer: Option<String>,
    /// Where lists are to say so.
    marks: Vec<StatusMark>,
}

/// Revokes what the presented tokens and the handle allow, and comes back when that is durable. Tells whose token was the first, too.
///
/// # Errors
/// [`Error::StoreUnavailable`]: nothing is acknowledged. [`Error::Configuration`]: a key of ours cannot be used. A token's or
/// handle's own faults are no errors: they are in the receipt.
pub(crate) async fn logout(
    guard: &Rc<Guard>,
    routes: &Routes,
    presented: &Presented,
    now: Timestamp,
) -> Result<(Logout, Option<String>), Error> {
    let scope = Scope::parse(presented.choice("scope")?)?;
    let (mut logout, mut noted) = (Logout::new(scope, now), Noted::default());
    for Credential { source, token } in presented.tokens(&routes.token_cookies)? {
        let kind = TokenKind::Access(source);
        logout.token(kind, ended_by(guard, routes, token, kind, scope, now, &mut noted).await)?;
    }
    for Credential { token, .. } in presented.refresh_tokens(&routes.refresh_cookies)? {
        let kind = TokenKind::Refresh;
        logout.token(kind, ended_by(guard, routes, token, kind, scope, now, &mut noted).await)?;
    }
    if let Some(handle) = presented.field("handle")? {
        logout.handle(handle, guard.engine().peppers())?;
    }
    let revocations = logout.revocations();
    if !revocations.is_empty() {
        guard.refuse_sparing(&revocations)?;
        guard.record_marked(&revocations, &[], &noted.marks, now).await?;
    }
    Ok((logout, noted.issuer))
}

async fn ended_by(
    guard: &Rc<Guard>,
    routes: &Routes,
    token: &str,
    kind: TokenKind,
    scope: Scope,
    now: Timestamp,
    noted: &mut Noted,
) -> Result<Option<Vec<Revocation>>, Error> {
    let token = guard.verify(token).await?;
    let issuer = &token.issuer().name;
    noted.issuer.get_or_insert_with(|| issuer.clone());
    // Where the others end, the token and its session go on.
    let place = routes.status_place(issuer, token.claims().members()).filter(|_| scope != Scope::Others);
    let Some(ends) = scope.ends(token, kind, now)? else { return Ok(None) };
    if let Some(token) = &ends.by
        && let Err(refused) = guard.check(token).await
    {
        return if ends.has_come(&refused) { Ok(None) } else { Err(refused) };
    }
    noted.marks.extend(place.map(|place| StatusMark { place, revocations: ends.revocations.clone() }));
    Ok(Some(ends.revocations))
}
