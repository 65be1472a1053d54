use quash_core::{Cover, Cutoff, Reason, Refusal, Revocation, Target, Timestamp, VerifiedToken};
use quash_engine::{Credential, Error, Mode};
use serde::Serialize;

use crate::{
    guard::{self, Guard},
    handle,
};

/// The source that a receipt names for a handle.
const HANDLE: &str = "handle";

/// How much a logout revokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    /// The presented token.
    Token,
    /// Every token of its session (`sid`).
    Session,
    /// Every token of its subject issued until now.
    Everywhere,
}

impl Scope {
    pub(crate) fn parse(scope: Option<&str>) -> Result<Self, Error> {
        match scope {
            None | Some("token") => Ok(Self::Token),
            Some("session") => Ok(Self::Session),
            Some("everywhere") => Ok(Self::Everywhere),
            Some(_) => Err(Error::Parameter("scope")),
        }
    }
}

/// What a logout came to: the body of its answer.
#[derive(Debug, Serialize)]
pub(crate) struct Receipt {
    outcome: Outcome,
    scope: Scope,
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<u64>,
    /// From when on it is in force everywhere; nobody knows that of Workers KV.
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_by: Option<u64>,
    tokens: Vec<TokenReceipt>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    Revoked,
    NoToken,
    Refused,
}

#[derive(Debug, Serialize)]
struct TokenReceipt {
    source: &'static str,
    outcome: TokenOutcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum TokenOutcome {
    Revoked,
    Expired,
    Refused,
}

impl Receipt {
    /// Whether a handle was all that was presented. It comes from a logout of before: the browser's cookies may be another's.
    pub(crate) fn is_of_handle_alone(&self) -> bool {
        matches!(self.tokens.as_slice(), [TokenReceipt { source: HANDLE, .. }])
    }
}

/// Revokes what the presented tokens and the handle allow, and comes back when that is durable. The scope is the tokens'; what
/// a handle covers is in it.
///
/// # Errors
/// [`Error::StoreUnavailable`]: nothing is acknowledged. [`Error::Configuration`]: a key of ours cannot be used. A token's or
/// handle's own faults are no errors: they are in the receipt.
pub(crate) async fn logout(
    guard: &Guard,
    mode: Mode,
    presented: &[Credential<'_>],
    handle: Option<&str>,
    scope: Scope,
    now: Timestamp,
) -> Result<Receipt, Error> {
    let mut revocations = Vec::new();
    let mut tokens = Vec::new();
    let mut settle = |source, asked| {
        let (outcome, code) = match asked {
            Ok(None) => (TokenOutcome::Expired, None),
            Ok(Some(more)) => {
                revocations.extend::<Vec<_>>(more);
                (TokenOutcome::Revoked, None)
            }
            Err(error @ (Error::Refused(_) | Error::InvalidHandle(_) | Error::Revoked { .. })) => {
                (TokenOutcome::Refused, Some(error.code()))
            }
            Err(error) => return Err(error),
        };
        tokens.push(TokenReceipt { source, outcome, code });
        Ok(())
    };
    for credential in presented {
        settle(credential.source.name(), revocations_of(guard, credential.token, scope, now).await)?;
    }
    if let Some(handle) = handle {
        settle(HANDLE, revocations_of_handle(guard, handle, now))?;
    }
    if !revocations.is_empty() {
        guard.record(&merged(revocations.clone()), now).await?;
    }
    let outcome = match tokens.as_slice() {
        [] => Outcome::NoToken,
        tokens if tokens.iter().any(|token| token.outcome == TokenOutcome::Refused) => Outcome::Refused,
        _ => Outcome::Revoked,
    };
    let revoked_at = (!revocations.is_empty()).then(|| now.as_millis());
    let bound = guard.engine().config().bound(mode).filter(|_| revoked_at.is_some());
    let effective_by = bound.map(|bound| guard::now().plus(bound).as_millis());
    Ok(Receipt { outcome, scope, mode: mode.name(), revoked_at, effective_by, tokens })
}

/// What revoking a token by its bearer's wish comes to; `None` when the token is dead already.
async fn revocations_of(
    guard: &Guard,
    token: &str,
    scope: Scope,
    now: Timestamp,
) -> Result<Option<Vec<Revocation>>, Error> {
    // The signature must be right: otherwise anybody could log anybody out. The audience need not be ours.
    let token = guard.verify(token).await?;
    let Some(revocation) = token.revocation(Reason::Logout, now) else { return Ok(None) };
    let wider = match scope {
        Scope::Token => None,
        Scope::Session => Some(of_session(&token, now)?),
        Scope::Everywhere => Some(of_subject(&token, now)?),
    };
    if wider.is_some() {
        // A token that no longer lets anybody in must not log the user out of what they opened since.
        guard.check(&token.validate(now)?).await?;
    }
    Ok(Some([revocation].into_iter().chain(wider).collect()))
}

/// What a handle covers; `None` when all of it is dead already.
fn revocations_of_handle(guard: &Guard, handle: &str, now: Timestamp) -> Result<Option<Vec<Revocation>>, Error> {
    let handles = handle::open(handle, guard.engine().peppers())?;
    let revocations: Vec<_> = handles.iter().flat_map(|handle| handle.revocations(now)).collect();
    Ok((!revocations.is_empty()).then_some(revocations))
}

fn of_session(token: &VerifiedToken, now: Timestamp) -> Result<Revocation, Error> {
    let session = token.claims().session().ok_or(Refusal::ClaimMissing("sid".into()))?;
    Ok(wider(token, &Target::Session(session), Cutoff::Always, now))
}

fn of_subject(token: &VerifiedToken, now: Timestamp) -> Result<Revocation, Error> {
    let subject = token.claims().subject().ok_or(Refusal::ClaimMissing("sub".into()))?;
    let cutoff = Cutoff::IssuedUntil(token.retention().cutoff(now));
    Ok(wider(token, &Target::Subject(subject), cutoff, now))
}

fn wider(token: &VerifiedToken, target: &Target<'_>, cutoff: Cutoff, now: Timestamp) -> Revocation {
    let retention = token.retention();
    Revocation {
        id: token.id(target),
        cover: Cover::everyone(cutoff),
        expires_at: retention.of_cutoff(retention.cutoff(now)),
        revoked_at: now,
        reason: Reason::Logout,
    }
}

/// One revocation for each id: the same token may have come in a cookie, in the form and in a handle, and KV takes one write a
/// second for each key.
fn merged(mut revocations: Vec<Revocation>) -> Vec<Revocation> {
    revocations.sort_unstable_by_key(|revocation| revocation.id);
    revocations.dedup_by(|later, earlier| {
        let same = later.id == earlier.id;
        if same {
            *earlier = earlier.merge(*later);
        }
        same
    });
    revocations
}
