use std::time::Duration;

use super::{Field, LEDGER_NEEDED, SigningKey, logout};
use crate::cookie::Cookie;

/// How long access tokens live, unless it is said.
const ACCESS_SECS: u64 = 15 * 60;

/// For how long a refresh token's second use is taken for that of the user's other tab; and the most that may be: entries of uses are
/// kept for a minute longer than the token could live, and its twin may have been issued that much later.
const GRACE_SECS: u64 = 10;
const MAX_GRACE_SECS: u64 = 60;

/// What is signed for an issuer that has us exchange its refresh tokens: the team's own, who gives us a key of its own.
pub struct Refresh {
    /// The issuer.
    pub issuer: String,
    /// What is signed with.
    pub key: SigningKey,
    /// `aud` of access tokens.
    pub audiences: Vec<String>,
    /// How long access tokens live.
    pub access_lifetime: Duration,
    /// How long each refresh token lives; `None`: until the first of its family would have died.
    pub lifetime: Option<Duration>,
    /// For how long a second use is the user's.
    pub grace: Duration,
    /// The cookie that refresh tokens may come in, and then go in.
    pub cookie: Option<Cookie>,
}

impl Refresh {
    /// `None` for an issuer whose refresh tokens are none of our business.
    pub(super) fn read(issuer: &Field<'_, '_>, has_ledger: bool) -> Option<Self> {
        let field = issuer.member("refresh");
        if !field.is_there() {
            return None;
        }
        field.table(&["kid", "alg", "secret", "audiences", "access_lifetime", "lifetime", "grace", "cookie"]);
        if !has_ledger {
            // Two uses could be somewhere else, at the same moment: only one object for all can tell.
            field.wrong(&format_args!("{LEDGER_NEEDED}"));
        }
        let longest = issuer.member("max_lifetime").number().unwrap_or_default();
        // What lives longer would outlive the revocation of its session.
        let [access, refresh] = ["access_lifetime", "lifetime"].map(|name| {
            let lifetime = field.member(name);
            let secs = lifetime.number()?;
            if secs == 0 || secs > longest {
                lifetime.wrong(&"must be at least 1 second, and at most the issuer's `max_lifetime`");
            }
            Some(Duration::from_secs(secs))
        });
        let own = field.member("audiences");
        let audiences = if own.is_there() { own.texts() } else { issuer.member("audiences").texts() };
        let cookie = field.member("cookie");
        Some(Self {
            issuer: issuer.member("issuer").text_or(""),
            key: SigningKey::read(&field)?,
            audiences,
            access_lifetime: access.unwrap_or(Duration::from_secs(ACCESS_SECS.min(longest))),
            lifetime: refresh,
            grace: field.member("grace").seconds(GRACE_SECS, MAX_GRACE_SECS),
            cookie: cookie.is_there().then(|| logout::cookie(&cookie)).flatten(),
        })
    }
}
