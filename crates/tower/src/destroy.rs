//! Destroying tokens, by a server's own code.

use std::time::SystemTime;

use quash_core::{Reason, Timestamp};
use quash_engine::{Error, Unrevocable, Wanted};
use thiserror::Error as ThisError;

use crate::{
    clock::{system_time, timestamp},
    quash::Quash,
};

/// What is to be destroyed of an issuer's tokens, by what they say. Two issuers may give the same `sub` to different people, so each
/// names its own.
///
/// ```
/// use std::time::SystemTime;
/// use quash_tower::Target;
///
/// let issuer = "https://issuer.example";
/// Target::session(issuer, "d1");
/// Target::subject(issuer, "ada"); // "log out everywhere"
/// Target::subject(issuer, "ada").keep("d1"); // "log out my other devices"
/// Target::subject(issuer, "ada").before(SystemTime::now());
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    issuer: &'a str,
    wanted: Wanted<'a>,
    before: Option<SystemTime>,
    expires_at: Option<SystemTime>,
}

/// What destroying something came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Destroyed {
    /// False where nothing was left to revoke: the token is dead already.
    pub revoked: bool,
    /// From when on no process accepts it, on a route of the mode that the configuration has and whose `outage` is `closed`; `None`
    /// where there is no bound. In this process it is refused now.
    pub effective_by: Option<SystemTime>,
}

/// Why nothing was destroyed.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum DestroyError {
    /// The configuration has no such issuer: nobody accepts its tokens.
    #[error("there is no issuer of this name")]
    IssuerUnknown,
    /// Nobody would look for the entry, or it would cover more than was meant.
    #[error(transparent)]
    Unrevocable(#[from] Unrevocable),
    /// It may not be in the store: try again. This process refuses it already.
    #[error(transparent)]
    Failed(#[from] Error),
}

impl<'a> Target<'a> {
    const fn of(issuer: &'a str, target: quash_core::Target<'a>) -> Self {
        Self { issuer, wanted: Wanted::all(target), before: None, expires_at: None }
    }

    /// The token with this `jti` (RFC 7519 section 4.1.7).
    pub const fn token(issuer: &'a str, jti: &'a str) -> Self {
        Self::of(issuer, quash_core::Target::TokenId(jti))
    }

    /// A session by its `sid`, and whatever is issued for it while tokens of before could live.
    pub const fn session(issuer: &'a str, sid: &'a str) -> Self {
        Self::of(issuer, quash_core::Target::Session(sid))
    }

    /// Every token of a user that was issued until now, and for the issuer's `leeway` more; a login after it is good.
    pub const fn subject(issuer: &'a str, sub: &'a str) -> Self {
        Self::of(issuer, quash_core::Target::Subject(sub))
    }

    /// All that were issued to a client until now, by `client_id` or `azp`.
    pub const fn client(issuer: &'a str, client_id: &'a str) -> Self {
        Self::of(issuer, quash_core::Target::Client(client_id))
    }

    /// All that are signed with a key. A stolen one has to be withdrawn as well: the revocation ends.
    pub const fn key(issuer: &'a str, kid: &'a str) -> Self {
        Self::of(issuer, quash_core::Target::Key(kid))
    }

    /// All with this value of one of the issuer's `revocable_claims`, issued until now.
    pub const fn claim(issuer: &'a str, name: &'a str, value: &'a str) -> Self {
        Self::of(issuer, quash_core::Target::Claim { name, value })
    }

    /// Everything of the issuer's that was issued until now.
    pub const fn everything(issuer: &'a str) -> Self {
        Self::of(issuer, quash_core::Target::Everything)
    }

    /// Only what was issued before `time`. `iat` is in whole seconds, so what was issued within the second of `time` goes as well,
    /// unless `time` is its beginning.
    #[must_use]
    pub const fn before(self, time: SystemTime) -> Self {
        Self { before: Some(time), ..self }
    }

    /// Spares the tokens of the session with this `sid`.
    #[must_use]
    pub const fn keep(self, sid: &'a str) -> Self {
        Self { wanted: Wanted { keep: Some(sid), ..self.wanted }, ..self }
    }

    /// Tells the `exp` of the one [token](Self::token), so that its revocation ends with it.
    #[must_use]
    pub const fn expires_at(self, exp: SystemTime) -> Self {
        Self { expires_at: Some(exp), ..self }
    }

    /// Tells why, if not for a logout.
    #[must_use]
    pub const fn reason(self, reason: Reason) -> Self {
        Self { wanted: Wanted { reason, ..self.wanted }, ..self }
    }

    fn wanted(&self) -> Result<Wanted<'a>, Unrevocable> {
        let time = |name, time: Option<SystemTime>| match time.map(timestamp) {
            Some(time) if time.as_millis() == 0 => Err(Unrevocable::Time(name)),
            time => Ok(time),
        };
        let last_before = |time: Timestamp| Timestamp::from_millis(time.as_secs_ceil() * 1000 - 1);
        Ok(Wanted {
            issued_until: time("before", self.before)?.map(last_before),
            expires_at: time("expires_at", self.expires_at)?,
            ..self.wanted
        })
    }
}

impl Quash {
    /// Destroys a token, whose signature has to be right: nobody may destroy what is another's by writing down its `jti`. Also one
    /// that has expired, or is not good yet.
    ///
    /// Comes back when it is in the store, and is done even if nobody waits for it.
    ///
    /// # Errors
    /// [`Error::Refused`]: it is no token of a configured issuer's. [`Error::StoreUnavailable`] or [`Error::KeysUnavailable`]: it may
    /// not be in the store, and may be tried again.
    pub async fn destroy(&self, token: &str) -> Result<Destroyed, Error> {
        let token = self.guard.verify(token).await?;
        let now = self.guard.engine()?.1;
        self.record(token.revocation(Reason::Logout, now)).await
    }

    /// Destroys all tokens that the target describes. It takes no token: this is for the server's own code.
    ///
    /// ```no_run
    /// # use quash_tower::{DestroyError, Quash, Target};
    /// # async fn password_changed(quash: &Quash) -> Result<(), DestroyError> {
    /// quash.destroy_all(Target::subject("https://issuer.example", "ada")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`DestroyError`].
    pub async fn destroy_all(&self, target: Target<'_>) -> Result<Destroyed, DestroyError> {
        let wanted = target.wanted()?;
        let revocation = {
            let (engine, now) = self.guard.engine()?;
            wanted.revocation(engine.terms_of(target.issuer).ok_or(DestroyError::IssuerUnknown)?, now)?
        };
        Ok(self.record(revocation).await?)
    }

    async fn record(&self, revocation: Option<quash_core::Revocation>) -> Result<Destroyed, Error> {
        let Some(revocation) = revocation else { return Ok(Destroyed { revoked: false, effective_by: None }) };
        self.guard.record(vec![revocation]).await?;
        Ok(Destroyed { revoked: true, effective_by: self.effective_by()?.map(system_time) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn before_is_before_a_whole_second() {
        let until = |millis| {
            let target = Target::subject("i", "s").before(UNIX_EPOCH + Duration::from_millis(millis));
            target.wanted().map(|wanted| wanted.issued_until.map(Timestamp::as_millis))
        };
        assert_eq!(until(5000), Ok(Some(4999)));
        assert_eq!(until(5001), Ok(Some(5999)));
        assert_eq!(until(0), Err(Unrevocable::Time("before")));
    }
}
