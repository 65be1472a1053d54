//! Revocation handles: what a browser may keep while it is offline, minted from its tokens and taken at a later logout.

use std::rc::Rc;

use quash_core::{Refusal, RevocationHandle, Timestamp};
use quash_engine::{Credential, Error, seal_handles};
use serde::Serialize;

use crate::guard::Guard;

/// How much a handle covers. Never everything of a subject: it may be used days later, and must not log a user out of what
/// they opened since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// The presented tokens.
    Token,
    /// Their sessions as well.
    Session,
}

impl Scope {
    pub(crate) fn parse(scope: Option<&str>) -> Result<Self, Error> {
        match scope {
            None | Some("token") => Ok(Self::Token),
            Some("session") => Ok(Self::Session),
            Some(_) => Err(Error::Parameter("scope")),
        }
    }
}

/// The body of the answer. It cannot be printed, since whoever reads the handle can use it.
#[derive(Serialize)]
pub(crate) struct Minted {
    handle: String,
    expires_at: u64,
}

/// Mints a handle of whatever live tokens are presented. Writes nothing.
///
/// # Errors
/// [`Error::TokenMissing`], or why the first token is refused when every one is. [`Error::StoreUnavailable`]: a session's token
/// cannot be looked up. [`Error::Configuration`]: a key of ours cannot be used.
pub(crate) async fn mint(
    guard: &Rc<Guard>,
    presented: &[Credential<'_>],
    scope: Scope,
    now: Timestamp,
) -> Result<Minted, Error> {
    let mut handles = Vec::new();
    let mut refusal = None;
    for credential in presented {
        match handle_of(guard, credential.token, scope, now).await {
            Ok(handle) => handles.push(handle),
            Err(error @ (Error::Refused(_) | Error::Revoked { .. })) => refusal = refusal.or(Some(error)),
            Err(error) => return Err(error),
        }
    }
    let handles = RevocationHandle::packed(handles);
    let Some(expires_at) = handles.iter().map(RevocationHandle::expires_at).max() else {
        return Err(refusal.unwrap_or(Error::TokenMissing));
    };
    let handle = seal_handles(&handles, guard.engine().peppers());
    Ok(Minted { handle, expires_at: expires_at.as_millis() })
}

async fn handle_of(guard: &Rc<Guard>, token: &str, scope: Scope, now: Timestamp) -> Result<RevocationHandle, Error> {
    // As at a logout, the signature must be right, and the audience need not be ours.
    let token = guard.verify(token).await?;
    match scope {
        Scope::Token => Ok(RevocationHandle::of_token(&token, now).ok_or(Refusal::Expired)?),
        Scope::Session => {
            let handle = RevocationHandle::of_session(&token, now).ok_or(Refusal::Expired)?;
            // A token that no longer lets anybody in must not end the session that goes on without it.
            guard.check(&token.validate(now)?).await?;
            Ok(handle)
        }
    }
}
