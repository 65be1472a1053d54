use std::time::Duration;

use quash_core::{Cover, Cutoff, Reason, Retention, Revocation, RevocationId, Timestamp};

use crate::{
    luck::Luck,
    plan::{OFF, What, time},
};

pub(crate) const RETENTION: Retention =
    Retention { leeway: Duration::from_secs(5), max_lifetime: Duration::from_secs(300) };

/// A user, and the truth about his tokens.
pub(crate) struct User {
    subject: RevocationId,
    sessions: Vec<Session>,
    /// Those that may be alive.
    tokens: Vec<Token>,
    /// What was revoked of his, and may not have expired.
    revocations: Vec<Revoked>,
}

struct Session {
    id: RevocationId,
    has_ended: bool,
}

#[derive(Clone, Copy)]
pub(crate) struct Token {
    pub(crate) number: u64,
    id: RevocationId,
    session: RevocationId,
    subject: RevocationId,
    issued_at: Timestamp,
    expires_at: Timestamp,
    /// Whether anybody has begun to revoke it.
    pub(crate) is_revoked: bool,
    /// Since when that is in the ledger.
    pub(crate) durable_at: Option<u64>,
}

struct Revoked {
    number: u64,
    revocation: Revocation,
    durable_at: Option<u64>,
    /// Since when it has been undone, if it has: never, while that is going on.
    lifted_at: Option<u64>,
    /// Whether it came to the ledger again since then, late: it may be in force, and need not be.
    is_back: bool,
}

impl Token {
    pub(crate) fn ids(&self) -> [RevocationId; 3] {
        [self.id, self.session, self.subject]
    }

    /// Whether an entry that was found under one of its ids covers it.
    pub(crate) fn is_covered(&self, cover: &Cover) -> bool {
        cover.covers(Some(self.issued_at), Some(self.session))
    }

    pub(crate) fn is_alive(&self, now: Timestamp) -> bool {
        now < self.expires_at.plus(RETENTION.leeway)
    }

    fn learn(&mut self, revoked: &Revoked) {
        let Revocation { id, cover, .. } = &revoked.revocation;
        if self.ids().contains(id) && self.is_covered(cover) {
            self.is_revoked = true;
            let earlier = |at: &u64| self.durable_at.is_none_or(|earliest| *at < earliest);
            let in_force = revoked.durable_at.filter(|_| revoked.lifted_at.is_none());
            self.durable_at = in_force.filter(earlier).or(self.durable_at);
        }
    }
}

impl User {
    pub(crate) fn new(luck: &mut Luck) -> Self {
        let subject = RevocationId::from_bytes(luck.bytes());
        Self { subject, sessions: vec![], tokens: vec![], revocations: vec![] }
    }

    /// A new token: the last one.
    pub(crate) fn log_in(&mut self, is_new: bool, lifetime: u64, now: u64, number: u64, luck: &mut Luck) -> Token {
        // No clock says otherwise then.
        let (dead, expired) = (time(now - 2 * OFF), time(now - 2 * OFF));
        self.tokens.retain(|token| token.is_alive(dead));
        self.revocations.retain(|revoked| revoked.revocation.expires_at > expired);
        self.sessions.retain(|session| !session.has_ended);
        let session = match self.sessions.last().filter(|_| !is_new) {
            Some(session) => session.id,
            None => {
                let id = RevocationId::from_bytes(luck.bytes());
                self.sessions.push(Session { id, has_ended: false });
                // Nobody has more than a few.
                self.sessions.drain(..self.sessions.len().saturating_sub(4));
                id
            }
        };
        // The issuer's clock.
        let issued_at = time(now + luck.below(2 * OFF) - OFF);
        let mut token = Token {
            number,
            id: RevocationId::from_bytes(luck.bytes()),
            session,
            subject: self.subject,
            issued_at,
            expires_at: issued_at.plus(Duration::from_millis(lifetime)),
            is_revoked: false,
            durable_at: None,
        };
        self.revocations.iter().for_each(|revoked| token.learn(revoked));
        self.tokens.push(token);
        token
    }

    /// One of the tokens that may be alive; more often a new one.
    pub(crate) fn token(&self, pick: usize) -> Option<&Token> {
        let recent = self.tokens.len().min(6);
        let among = if pick.is_multiple_of(4) { self.tokens.len() } else { recent };
        self.tokens.iter().rev().nth((pick / 4).checked_rem(among)?)
    }

    /// The token of this number, if it may still be alive.
    pub(crate) fn token_of(&self, number: u64) -> Option<&Token> {
        self.tokens.iter().find(|token| token.number == number)
    }

    /// What somebody with the token revokes; nothing if it is dead. `now` is the time of the isolate that is asked to.
    pub(crate) fn revoke(&mut self, what: What, token: Token, number: u64, now: Timestamp) -> Option<Revocation> {
        let cutoff = RETENTION.cutoff(now);
        let until = Cutoff::IssuedUntil(cutoff);
        let (id, cover, expires_at) = match what {
            What::Token => {
                (token.id, Cover::everyone(Cutoff::Always), RETENTION.of_token(Some(token.expires_at), now)?)
            }
            What::Session => (token.session, Cover::everyone(Cutoff::Always), RETENTION.of_cutoff(cutoff)),
            What::Everywhere => (self.subject, Cover::everyone(until), RETENTION.of_cutoff(cutoff)),
            What::Others => (self.subject, Cover::all_but(token.session, until), RETENTION.of_cutoff(cutoff)),
        };
        // No issuer gives tokens to a session that has ended.
        let ends = |session: &Session| match what {
            What::Token => false,
            What::Session => session.id == id,
            What::Everywhere => true,
            What::Others => session.id != token.session,
        };
        self.sessions.iter_mut().filter(|session| ends(session)).for_each(|session| session.has_ended = true);
        let revocation = Revocation { id, cover, expires_at, revoked_at: now, reason: Reason::Logout };
        let revoked = Revoked { number, revocation, durable_at: None, lifted_at: None, is_back: false };
        self.tokens.iter_mut().for_each(|token| token.learn(&revoked));
        self.revocations.push(revoked);
        Some(revocation)
    }

    /// A revocation is in the ledger.
    pub(crate) fn is_durable(&mut self, number: u64, now: u64) {
        let Some(revoked) = self.revocations.iter_mut().find(|revoked| revoked.number == number) else { return };
        revoked.is_back |= revoked.lifted_at.is_some();
        if revoked.durable_at.is_none() {
            revoked.durable_at = Some(now);
            self.tokens.iter_mut().for_each(|token| token.learn(revoked));
        }
    }

    /// What was revoked of his, not long ago.
    pub(crate) fn revoked(&self, pick: usize) -> Option<RevocationId> {
        let recent = self.revocations.iter().rev().take(3);
        recent.map(|revoked| revoked.revocation.id).nth(pick % 3)
    }

    /// What somebody has seen in the ledger is being lifted: it need not be in force from now on, and may be.
    pub(crate) fn is_being_lifted(&mut self, seen: &Revocation) {
        for Revoked { revocation, durable_at, lifted_at, is_back, .. } in &mut self.revocations {
            let is_seen = revocation.cover.anew(&seen.cover).union(seen.cover) == seen.cover;
            if revocation.id == seen.id && is_seen && durable_at.is_some() {
                (*lifted_at, *is_back) = (Some(u64::MAX), false);
            }
        }
        for token in &mut self.tokens {
            token.durable_at = None;
            self.revocations.iter().for_each(|revoked| token.learn(revoked));
        }
    }

    /// And has been, in all shards.
    pub(crate) fn is_lifted(&mut self, id: &RevocationId, now: u64) {
        let of = |revoked: &&mut Revoked| revoked.revocation.id == *id && revoked.lifted_at == Some(u64::MAX);
        self.revocations.iter_mut().filter(of).for_each(|revoked| revoked.lifted_at = Some(now));
    }

    /// Whether a revocation has not been undone.
    pub(crate) fn is_in_force(&self, number: u64) -> bool {
        self.revocations.iter().any(|revoked| revoked.number == number && revoked.lifted_at.is_none())
    }

    /// Whether whatever was revoked of a token had been undone by then, and has not come back since.
    pub(crate) fn is_lifted_from(&self, token: &Token, by: u64) -> bool {
        let of = |revoked: &&Revoked| {
            token.ids().contains(&revoked.revocation.id) && token.is_covered(&revoked.revocation.cover)
        };
        let is_lifted = |revoked: &Revoked| !revoked.is_back && revoked.lifted_at.is_some_and(|at| at < by);
        let mut revoked = self.revocations.iter().filter(of).peekable();
        revoked.peek().is_some() && revoked.all(is_lifted)
    }
}
