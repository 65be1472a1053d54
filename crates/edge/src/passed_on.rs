use quash_engine::Source;

use crate::authorized::Authorized;

/// Headers with this prefix are ours to whoever stands behind the guard, so a client's are never passed on.
const OUR_PREFIX: &str = "quash-";

/// The verified token's payload, base64url.
const CLAIMS: &str = "quash-claims";

/// What the guard changes about a request that it lets through: headers in lower case, and their new values or, where they go, none.
pub(crate) fn changes(
    names: impl Iterator<Item = String>,
    authorized: Option<&Authorized>,
) -> Vec<(String, Option<String>)> {
    let mut changes: Vec<_> = names.filter(|name| name.starts_with(OUR_PREFIX)).map(|name| (name, None)).collect();
    if let Some(authorized) = authorized {
        changes.push((CLAIMS.into(), Some(authorized.claims().into())));
        // Only the credential that was verified goes on: another scheme's could mean another user to the origin.
        let verified = (authorized.source() == Source::Header).then(|| format!("Bearer {}", authorized.token()));
        changes.push(("authorization".into(), verified));
    }
    changes
}
