use quash_core::{
    Reason, Revocation, Target, Timestamp,
    json::{Document, Object},
};
use quash_engine::{Unrevocable, Wanted};

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
    let wanted = read(wanted)?;
    wanted.revocation(&terms, now).map_err(|unrevocable| unrevocable.to_string())
}

fn read(wanted: Object<'_>) -> Result<Wanted<'_>, String> {
    let time = |name| time(wanted, name).map_err(|unrevocable| unrevocable.to_string());
    let reason = text(wanted, "reason").unwrap_or(Reason::Logout.name());
    Ok(Wanted {
        target: target(wanted),
        issued_until: time("issuedUntil")?,
        keep: text(wanted, "keep"),
        expires_at: time("expiresAt")?,
        reason: Reason::ALL
            .into_iter()
            .find(|known| known.name() == reason)
            .ok_or_else(|| format!("there is no reason `{reason}`"))?,
    })
}

fn time(wanted: Object<'_>, name: &'static str) -> Result<Option<Timestamp>, Unrevocable> {
    match (wanted.get(name), number(wanted, name)) {
        (None, _) => Ok(None),
        (Some(_), Some(millis)) => Ok(Some(Timestamp::from_millis(millis))),
        (Some(_), None) => Err(Unrevocable::Time(name)),
    }
}

fn target<'d>(wanted: Object<'d>) -> Target<'d> {
    let (name, value) = (text(wanted, "claim").unwrap_or_default(), text(wanted, "value").unwrap_or_default());
    match name {
        "jti" => Target::TokenId(value),
        "sid" => Target::Session(value),
        "kid" => Target::Key(value),
        "sub" => Target::Subject(value),
        "client_id" => Target::Client(value),
        "iss" => Target::Everything,
        _ => Target::Claim { name, value },
    }
}
