//! What a logout revokes, and what is told of it.

use quash_core::{
    Cover, Cutoff, Peppers, Reason, Refusal, Revocation, Rule, Target, Timestamp, ValidToken, VerifiedToken,
};

use crate::{
    answer::Answer, credential::Source, denylist::merged, error::Error, handles::open_handles, json_object::JsonObject,
    json_object::json_array, policy::Mode,
};

/// The source that a receipt names for a handle.
const HANDLE: &str = "handle";

/// How much a logout revokes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The presented token.
    Token,
    /// Every token of its session (`sid`).
    Session,
    /// Every token of its subject issued until now, but those of its session.
    Others,
    /// Every token of its subject issued until now.
    Everywhere,
}

impl Scope {
    /// Reads the form's field `scope`.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn parse(scope: Option<&str>) -> Result<Self, Error> {
        match scope {
            None | Some("token") => Ok(Self::Token),
            Some("session") => Ok(Self::Session),
            Some("others") => Ok(Self::Others),
            Some("everywhere") => Ok(Self::Everywhere),
            Some(_) => Err(Error::Parameter("scope")),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Session => "session",
            Self::Others => "others",
            Self::Everywhere => "everywhere",
        }
    }

    /// What ends by the wish of the token's bearer; `None` when the token is dead already. The signature must be right: otherwise anybody
    /// could log anybody out. The audience need not be ours, unless more ends than the token.
    ///
    /// # Errors
    /// [`Refusal`]: the token does not name what is to be revoked, or may not end that.
    pub fn ends(self, token: VerifiedToken, kind: TokenKind, now: Timestamp) -> Result<Option<Ends>, Refusal> {
        let scope = match (kind, self, token.claims().session()) {
            // No less than its session, which is its family.
            (TokenKind::Refresh, Self::Token, Some(_)) => Self::Session,
            (TokenKind::Refresh, Self::Session, None) => Self::Token,
            _ => self,
        };
        let Some(revocation) = token.revocation(Reason::Logout, now) else { return Ok(None) };
        let revocation = match scope {
            Self::Token => return Ok(Some(Ends { scope, revocations: vec![revocation], by: None })),
            // One entry, which covers the token, too: of two, the first could be durable without the other, and who is revoked by it could not
            // ask again.
            Self::Session => of_session(&token, now)?,
            // The token stays as it is.
            Self::Others => of_others(&token, now)?,
            Self::Everywhere => of_subject(&token, now, Cover::everyone)?,
        };
        let by = match kind {
            TokenKind::Refresh => token.for_issuer_or_us(now)?,
            TokenKind::Access(_) => token.validate(now)?,
        };
        Ok(Some(Ends { scope, revocations: vec![revocation], by: Some(by) }))
    }
}

/// As what a logout is presented a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An access token, that came from there.
    Access(Source),
    /// A refresh token, wherever it came from.
    Refresh,
}

impl TokenKind {
    const fn name(self) -> &'static str {
        match self {
            Self::Access(source) => source.name(),
            Self::Refresh => "refresh_token",
        }
    }
}

/// What a logout comes to for a token.
#[derive(Debug)]
pub struct Ends {
    /// How much that is.
    scope: Scope,
    /// What is to be revoked.
    pub revocations: Vec<Revocation>,
    /// The token, where it ends more than itself. It must not be revoked: one that no longer lets anybody in must not log the user out of what
    /// they opened since.
    pub by: Option<ValidToken>,
}

impl Ends {
    /// Whether the token is refused because that has ended already: who heard no answer asks again, and is told that it has.
    pub const fn has_come(&self, refused: &Error) -> bool {
        matches!((self.scope, refused), (Scope::Session, Error::Revoked { rule: Rule::Session, .. }))
    }
}

fn of_session(token: &VerifiedToken, now: Timestamp) -> Result<Revocation, Refusal> {
    let session = token.claims().session().ok_or(Refusal::ClaimMissing("sid".into()))?;
    Ok(wider(token, &Target::Session(session), Cover::everyone(Cutoff::Always), now))
}

fn of_others(token: &VerifiedToken, now: Timestamp) -> Result<Revocation, Refusal> {
    let session = token.claims().session().ok_or(Refusal::ClaimMissing("sid".into()))?;
    let own = token.id(&Target::Session(session));
    of_subject(token, now, |cutoff| Cover::all_but(own, cutoff))
}

fn of_subject(
    token: &VerifiedToken,
    now: Timestamp,
    cover: impl FnOnce(Cutoff) -> Cover,
) -> Result<Revocation, Refusal> {
    let subject = token.claims().subject().ok_or(Refusal::ClaimMissing("sub".into()))?;
    let cutoff = Cutoff::IssuedUntil(token.retention().cutoff(now));
    Ok(wider(token, &Target::Subject(subject), cover(cutoff), now))
}

fn wider(token: &VerifiedToken, target: &Target<'_>, cover: Cover, now: Timestamp) -> Revocation {
    let retention = token.retention();
    Revocation {
        id: token.id(target),
        cover,
        expires_at: retention.of_cutoff(retention.cutoff(now)),
        revoked_at: now,
        reason: Reason::Logout,
    }
}

/// A logout, while what was presented is looked at. A token's or handle's own faults do not end it: they are in the receipt.
#[derive(Debug)]
pub struct Logout {
    scope: Scope,
    now: Timestamp,
    revocations: Vec<Revocation>,
    tokens: Vec<TokenReceipt>,
}

#[derive(Debug)]
struct TokenReceipt {
    source: &'static str,
    outcome: TokenOutcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TokenOutcome {
    Revoked,
    Expired,
    Refused { code: &'static str },
}

impl TokenOutcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Expired => "expired",
            Self::Refused { .. } => "refused",
        }
    }
}

impl Logout {
    /// One at `now`. The scope is the tokens'; what a handle covers is in it.
    pub const fn new(scope: Scope, now: Timestamp) -> Self {
        Self { scope, now, revocations: Vec::new(), tokens: Vec::new() }
    }

    /// Takes note of what revoking a presented token comes to: see [`Scope::ends`].
    ///
    /// # Errors
    /// What is not the token's fault.
    pub fn token(&mut self, kind: TokenKind, asked: Result<Option<Vec<Revocation>>, Error>) -> Result<(), Error> {
        self.settle(kind.name(), asked)
    }

    /// Takes note of a presented handle.
    ///
    /// # Errors
    /// What is not the handle's fault.
    pub fn handle(&mut self, handle: &str, peppers: &Peppers) -> Result<(), Error> {
        let now = self.now;
        let asked = open_handles(handle, peppers).map_err(Error::from).map(|handles| {
            let revocations: Vec<_> = handles.iter().flat_map(|handle| handle.revocations(now)).collect();
            (!revocations.is_empty()).then_some(revocations)
        });
        self.settle(HANDLE, asked)
    }

    fn settle(&mut self, source: &'static str, asked: Result<Option<Vec<Revocation>>, Error>) -> Result<(), Error> {
        let outcome = match asked {
            Ok(None) => TokenOutcome::Expired,
            Ok(Some(more)) => {
                self.revocations.extend(more);
                TokenOutcome::Revoked
            }
            Err(error @ (Error::Refused(_) | Error::InvalidHandle(_) | Error::Revoked { .. })) => {
                TokenOutcome::Refused { code: error.code() }
            }
            Err(error) => return Err(error),
        };
        self.tokens.push(TokenReceipt { source, outcome });
        Ok(())
    }

    /// What is to be made durable before the receipt is given: one revocation for each id, since the same token may have come in a
    /// cookie, in the form and in a handle.
    pub fn revocations(&self) -> Vec<Revocation> {
        merged(self.revocations.clone())
    }

    /// Whether the browser that presents it has to drop what it has. Not when its own session goes on; nor where a handle was all that was
    /// presented, which comes from a logout of before: the browser's cookies may be another's.
    pub fn is_of_browser(&self) -> bool {
        self.scope != Scope::Others && !matches!(self.tokens.as_slice(), [TokenReceipt { source: HANDLE, .. }])
    }

    /// The answer. `effective_by` is from when on what was revoked is refused everywhere in this mode; nobody knows that of Workers KV.
    pub fn receipt(&self, mode: Mode, effective_by: Option<Timestamp>) -> Answer {
        let outcome = match self.tokens.as_slice() {
            [] => "no_token",
            tokens if tokens.iter().any(|token| matches!(token.outcome, TokenOutcome::Refused { .. })) => "refused",
            _ => "revoked",
        };
        let mut receipt =
            JsonObject::new().text("outcome", outcome).text("scope", self.scope.name()).text("mode", mode.name());
        if !self.revocations.is_empty() {
            receipt = receipt.number("revoked_at", self.now.as_millis());
            if let Some(effective_by) = effective_by {
                receipt = receipt.number("effective_by", effective_by.as_millis());
            }
        }
        let tokens = self.tokens.iter().map(|TokenReceipt { source, outcome }| {
            let told = JsonObject::new().text("source", source).text("outcome", outcome.name());
            match outcome {
                TokenOutcome::Refused { code } => told.text("code", code).end(),
                _ => told.end(),
            }
        });
        Answer::new(200, receipt.json("tokens", &json_array(tokens)).end())
    }
}

#[cfg(test)]
mod tests {
    use quash_core::{Pepper, RevocationId};

    use super::*;

    fn revocation(id: u8, expires_at: u64) -> Revocation {
        Revocation {
            id: RevocationId::from_bytes([id; 16]),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: Timestamp::from_secs(expires_at),
            revoked_at: Timestamp::from_secs(1),
            reason: Reason::Logout,
        }
    }

    #[test]
    fn the_receipt_tells_what_became_of_each() {
        let peppers = Peppers::new(vec![Pepper::new(&[7; 32]).unwrap()]).unwrap();
        let mut logout = Logout::new(Scope::Session, Timestamp::from_secs(1));
        let nothing = r#"{"outcome":"no_token","scope":"session","mode":"bounded","tokens":[]}"#;
        assert_eq!(logout.receipt(Mode::Bounded, Some(Timestamp::from_secs(6))).body, nothing);
        logout.token(TokenKind::Access(Source::Cookie), Ok(Some(vec![revocation(1, 5), revocation(2, 5)]))).unwrap();
        logout.token(TokenKind::Access(Source::Form), Ok(Some(vec![revocation(1, 9)]))).unwrap();
        logout.token(TokenKind::Access(Source::Header), Ok(None)).unwrap();
        assert!(logout.token(TokenKind::Access(Source::Header), Err(Error::StoreUnavailable("down".into()))).is_err());
        assert_eq!(logout.revocations(), [revocation(1, 9), revocation(2, 5)]);
        logout.handle("garbled", &peppers).unwrap();
        let tokens = concat!(
            r#"[{"source":"cookie","outcome":"revoked"},{"source":"form","outcome":"revoked"},"#,
            r#"{"source":"header","outcome":"expired"},{"source":"handle","outcome":"refused","code":"handle_invalid"}]"#
        );
        let told = r#"{"outcome":"refused","scope":"session","mode":"bounded","revoked_at":1000,"effective_by":6000,"tokens":"#;
        assert_eq!(logout.receipt(Mode::Bounded, Some(Timestamp::from_secs(6))).body, format!("{told}{tokens}}}"));
        assert!(logout.is_of_browser());
    }
}
