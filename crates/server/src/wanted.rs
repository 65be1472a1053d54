use std::sync::Arc;

use quash_core::{
    Cover, Cutoff, IssuerTerms, Reason, Revocation, Target, Timestamp,
    json::{Document, Object},
};

use crate::{
    issuers::Issuers,
    options::{number, text},
};

/// The revocation of what the tokens of an issuer say by a claim; `None` when it is one token that is dead already. Read from JSON;
/// times are in milliseconds since the epoch.
///
/// - `iss`: the issuer; absent where tokens have no `iss`;
/// - `claim`: `jti`, `sid`, `sub`, `client_id`, `kid`, or another that can be revoked; `iss` for everything of the issuer's;
/// - `value`: what tokens say there;
/// - `issuedUntil`: only what was issued until then;
/// - `keep`: the session whose tokens are spared;
/// - `expiresAt`: when the token dies, where one is named whose `exp` is known;
/// - `reason`: why, if not for a logout.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn of_claim(json: &str, issuers: &mut Issuers, now: Timestamp) -> Result<Option<Revocation>, String> {
    let document = Document::parse(json.into()).map_err(|malformed| malformed.to_string())?;
    let wanted = document.object();
    let terms = issuers.get(text(wanted, "iss").unwrap_or_default());
    let (target, ends) = target(wanted, &terms)?;
    let retention = terms.issuer().retention();
    let latest = retention.cutoff(now);
    let issued_until = time(wanted, "issuedUntil", latest)?;
    let covered = match issued_until {
        None if ends => Cutoff::Always,
        _ => Cutoff::IssuedUntil(issued_until.unwrap_or(latest)),
    };
    let dies_at = time(wanted, "expiresAt", latest.plus(retention.max_lifetime))?;
    let expires_at = match dies_at.filter(|_| matches!(target, Target::TokenId(_))) {
        Some(dies_at) => match retention.of_token(Some(dies_at), now) {
            Some(expires_at) => expires_at,
            None => return Ok(None),
        },
        // What was issued before is dead by then, too.
        None => retention.of_cutoff(latest),
    };
    let keep = text(wanted, "keep").map(|session| terms.id(&Target::Session(session)));
    let reason = text(wanted, "reason").unwrap_or(Reason::Logout.name());
    Ok(Some(Revocation {
        id: terms.id(&target),
        cover: keep.map_or(Cover::everyone(covered), |keep| Cover::all_but(keep, covered)),
        expires_at,
        revoked_at: now,
        reason: Reason::ALL
            .into_iter()
            .find(|known| known.name() == reason)
            .ok_or_else(|| format!("there is no reason `{reason}`"))?,
    }))
}

/// A time that is told, no later than `latest`: an entry that covers more than was meant, or for longer, cannot be taken back.
fn time(wanted: Object<'_>, name: &str, latest: Timestamp) -> Result<Option<Timestamp>, String> {
    if wanted.get(name).is_none() {
        return Ok(None);
    }
    let time = number(wanted, name).map(Timestamp::from_millis);
    time.filter(|time| *time <= latest).map(Some).ok_or_else(|| format!("{name}: a time that no token can have"))
}

/// And whether it is something that ends as a whole, with whatever would still be issued for it: a user may log in again, but not
/// into a session that has ended.
fn target<'d>(wanted: Object<'d>, terms: &Arc<IssuerTerms>) -> Result<(Target<'d>, bool), String> {
    let (name, value) = (text(wanted, "claim").unwrap_or_default(), text(wanted, "value").unwrap_or_default());
    Ok(match name {
        "jti" => (Target::TokenId(value), true),
        "sid" => (Target::Session(value), true),
        "kid" => (Target::Key(value), true),
        "sub" => (Target::Subject(value), false),
        "client_id" => (Target::Client(value), false),
        "iss" => (Target::Everything, false),
        _ if terms.issuer().revocable_claims.iter().any(|known| **known == *name) => {
            (Target::Claim { name, value }, false)
        }
        _ => return Err(format!("tokens are not revoked by `{name}`")),
    })
}
