use quash_core::{Cover, Cutoff, IssuerTerms, Reason, Revocation, Target, Timestamp};
use thiserror::Error;

/// What is to be revoked of an issuer's tokens, by what they say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// What they say.
    pub target: Target<'a>,
    /// Only those that were issued until then.
    pub issued_until: Option<Timestamp>,
    /// The session whose tokens are spared.
    pub keep: Option<&'a str>,
    /// When the token dies, where one is named whose `exp` is known.
    pub expires_at: Option<Timestamp>,
    /// Why.
    pub reason: Reason,
}

/// Why something cannot be revoked.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unrevocable {
    /// A time is later than any token's can be: the entry would cover more than was meant, or for longer, and cannot be taken back.
    #[error("{0}: a time that no token can have")]
    Time(&'static str),
    /// The issuer's tokens are not revoked by this claim: nobody would look for the entry.
    #[error("tokens are not revoked by `{0}`")]
    Claim(String),
}

impl<'a> Wanted<'a> {
    /// All that has this target, for a logout.
    pub const fn all(target: Target<'a>) -> Self {
        Self { target, issued_until: None, keep: None, expires_at: None, reason: Reason::Logout }
    }

    /// The revocation; `None` when it is one token that is dead already.
    ///
    /// # Errors
    /// [`Unrevocable`].
    pub fn revocation(&self, terms: &IssuerTerms, now: Timestamp) -> Result<Option<Revocation>, Unrevocable> {
        self.revocation_since(terms, now, now)
    }

    /// The revocation of what was wanted at a time before, and is done now: it covers what it would have covered then, and what ends as a
    /// whole ends with what was issued since.
    ///
    /// # Errors
    /// [`Unrevocable`].
    pub fn revocation_since(
        &self,
        terms: &IssuerTerms,
        wanted_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Revocation>, Unrevocable> {
        if let Target::Claim { name, .. } = self.target
            && !terms.issuer().revocable_claims.iter().any(|known| **known == *name)
        {
            return Err(Unrevocable::Claim(name.into()));
        }
        let retention = terms.issuer().retention();
        let (latest, latest_now) = (retention.cutoff(wanted_at), retention.cutoff(now));
        let time = |name, time: Option<Timestamp>, latest| match time {
            Some(time) if time > latest => Err(Unrevocable::Time(name)),
            time => Ok(time),
        };
        let covered = match time("issuedUntil", self.issued_until, latest)? {
            None if self.ends() => Cutoff::Always,
            issued_until => Cutoff::IssuedUntil(issued_until.unwrap_or(latest)),
        };
        let dies_at = time("expiresAt", self.expires_at, latest_now.plus(retention.max_lifetime))?;
        let expires_at = match dies_at.filter(|_| matches!(self.target, Target::TokenId(_))) {
            Some(dies_at) => match retention.of_token(Some(dies_at), now) {
                Some(expires_at) => expires_at,
                None => return Ok(None),
            },
            // What was issued before is dead by then, too.
            None => retention.of_cutoff(if self.ends() { latest_now } else { latest }),
        };
        let keep = self.keep.map(|session| terms.id(&Target::Session(session)));
        Ok(Some(Revocation {
            id: terms.id(&self.target),
            cover: keep.map_or(Cover::everyone(covered), |keep| Cover::all_but(keep, covered)),
            expires_at,
            revoked_at: now,
            reason: self.reason,
        }))
    }

    /// Whether it ends as a whole, with whatever would still be issued for it: a user may log in again, but not into a session
    /// that has ended.
    const fn ends(&self) -> bool {
        matches!(self.target, Target::TokenId(_) | Target::SigningInput(_) | Target::Session(_) | Target::Key(_))
    }
}
