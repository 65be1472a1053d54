use std::{fmt, time::Duration};

use quash_core::{
    Cutoff, Issuers, Peppers, RevocationId, Timestamp, TokenIds, UnverifiedToken, ValidToken, Verdict, Verification,
    VerifiedToken,
};

use crate::{config::Trust, credential::Source, error::Error, store::EventualDenylist, webcrypto::PublicKeys};

/// Issuers write `iat` in whole seconds, rounded down.
const ISSUED_AT_RESOLUTION: Duration = Duration::from_secs(1);

/// From a token's text to a verdict.
pub(crate) struct Guard {
    issuers: Issuers,
    public_keys: PublicKeys,
    pub(crate) denylist: EventualDenylist,
    /// What handles are sealed with.
    pub(crate) peppers: Peppers,
}

/// A request that may pass.
pub struct Authorized {
    source: Source,
    token: String,
    ids: TokenIds,
}

impl Authorized {
    /// Where the request carried its token.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The verified token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The verified token's payload: base64url of its claims, as the issuer signed them.
    pub fn claims(&self) -> &str {
        self.token.split('.').nth(1).unwrap_or_default()
    }
}

impl fmt::Debug for Authorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized").field("source", &self.source).field("ids", &self.ids).finish_non_exhaustive()
    }
}

impl Guard {
    pub(crate) fn new(trust: Trust, denylist: EventualDenylist) -> Self {
        let Trust { issuers, public_keys, peppers } = trust;
        Self { issuers, public_keys: PublicKeys::new(public_keys), denylist, peppers }
    }

    /// Verifies a token's signature, in core or by WebCrypto.
    pub(crate) async fn verify(&self, text: &str) -> Result<VerifiedToken<'_>, Error> {
        match self.issuers.verify(UnverifiedToken::parse(text)?)? {
            Verification::Verified(token) => Ok(token),
            Verification::Ask(check) => {
                let valid = self.public_keys.check(&check).await?;
                Ok(check.answer(valid)?)
            }
        }
    }

    /// Asks the denylist about a token in force, and gives back the ids that were asked for.
    pub(crate) async fn check(&self, token: &ValidToken<'_>, now: Timestamp) -> Result<TokenIds, Error> {
        let ids = token.ids();
        let found = self.denylist.lookup(&all(&ids)).await;
        // What is found revoked is revoked, whatever else could not be read.
        refuse_revoked(ids.verdict(&found.entries), now)?;
        match found.outage {
            None => Ok(ids),
            Some(outage) => Err(outage.into()),
        }
    }

    /// The whole way.
    pub(crate) async fn authorize(&self, source: Source, text: &str, now: Timestamp) -> Result<Authorized, Error> {
        let token = self.verify(text).await?.validate(now)?;
        let ids = self.check(&token, now).await?;
        Ok(Authorized { source, token: text.into(), ids })
    }

    /// Whether this isolate has revoked the token since it was authorized. Asks no store.
    pub(crate) fn recheck(&self, authorized: &Authorized, now: Timestamp) -> Result<(), Error> {
        let entries = self.denylist.lookup_recent(&all(&authorized.ids));
        refuse_revoked(authorized.ids.verdict(&entries), now)
    }
}

fn all(ids: &TokenIds) -> Vec<RevocationId> {
    ids.iter().collect()
}

fn refuse_revoked(verdict: Verdict, now: Timestamp) -> Result<(), Error> {
    let Verdict::Revoked { rule, revoked_at, cutoff, .. } = verdict else { return Ok(()) };
    let retry_after = match cutoff {
        Cutoff::IssuedUntil(cutoff) if cutoff >= now => Some(cutoff.since(now) + ISSUED_AT_RESOLUTION),
        _ => None,
    };
    Err(Error::Revoked { rule, revoked_at, retry_after })
}
