use std::{sync::Arc, time::Duration};

use quash_core::{
    Cutoff, Headers, HostKey, Peppers, Refusal, Revocation, RevocationId, SignatureCheck, Timestamp, TokenIds,
    UnverifiedToken, ValidToken, Verdict, Verification, VerifiedToken,
};

use crate::{
    config::Config,
    error::Error,
    keys::{Fetch, Fetched, Filed, Keep, Unknown},
    memory::{Remembered, TokenMemory},
    policy::Policy,
    recent::Recent,
    trust::Trust,
};

/// Issuers write `iat` in whole seconds, rounded down.
const ISSUED_AT_RESOLUTION: Duration = Duration::from_secs(1);

/// Everything that is decided about requests, and what has to be known for it: one for an isolate.
///
/// It does no I/O. Where something has to be done outside, it says so with a [`Step`]; its host does that, and tells what came
/// of it. Nothing is lost when a host never comes back: its request may have been cancelled.
pub struct Engine {
    pub(crate) config: Config,
    trust: Trust,
    headers: Headers,
    memory: TokenMemory,
    recent: Recent,
    version: u32,
    /// When something is due, at the earliest.
    next_look: Option<Timestamp>,
}

/// What is next with a request.
#[derive(Debug)]
pub enum Step {
    /// It may pass.
    Admit,
    /// It may not.
    Refuse(Error),
    /// Check this signature, then go on with [`Engine::checked`].
    Check(Checking),
    /// Look its ids up in the denylist, then go on with [`Engine::looked_up`].
    LookUp(LookUp),
    /// Read this document, tell [`Engine::fetched`], then begin again.
    Read(Fetch),
    /// Begin again after a moment.
    Wait,
}

/// What is next with a token that is to be verified.
#[derive(Debug)]
pub enum Verifying {
    /// It is.
    Verified(VerifiedToken),
    /// The host has to check the signature, and knows by itself then.
    Check(SignatureCheck),
    /// Read this document, tell [`Engine::fetched`], then begin again.
    Read(Fetch),
    /// Begin again after a moment.
    Wait,
}

/// A request whose token's signature is checked.
#[derive(Debug)]
pub struct Checking {
    /// The signature.
    pub check: SignatureCheck,
    text: Box<str>,
    policy: Arc<Policy>,
    version: u32,
}

/// A request whose token is looked up.
#[derive(Debug)]
pub struct LookUp {
    ids: Arc<TokenIds>,
    policy: Arc<Policy>,
}

impl LookUp {
    /// What to look up.
    pub fn ids(&self) -> impl Iterator<Item = RevocationId> {
        self.ids.iter()
    }
}

impl Engine {
    /// The engine of a deployment.
    pub fn new(config: Config, trust: Trust) -> Self {
        Self {
            config,
            trust,
            headers: Headers::default(),
            memory: TokenMemory::default(),
            recent: Recent::default(),
            version: 0,
            next_look: None,
        }
    }

    /// The configuration.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// Changes when what was decided might be decided otherwise now: after a revocation, or when keys have come or gone.
    pub const fn version(&self) -> u32 {
        self.version
    }

    /// What handles are sealed with.
    pub const fn peppers(&self) -> &Peppers {
        &self.trust.peppers
    }

    /// A key to check signatures with; `None` when it has been withdrawn.
    pub fn host_key(&self, number: HostKey) -> Option<&Filed> {
        self.trust.host_keys.get(number)
    }

    /// Judges a token on a route with this policy.
    pub fn judge(&mut self, text: &str, policy: &Arc<Policy>, now: Timestamp) -> Step {
        self.settle(|engine| engine.try_judge(text, policy, now))
    }

    /// Goes on with a request whose token's signature is right, or is not.
    pub fn checked(&mut self, checking: Checking, valid: bool, now: Timestamp) -> Step {
        self.settle(|engine| {
            let Checking { check, text, policy, version } = checking;
            let key = check.key();
            if engine.host_key(key).is_none() {
                // It was withdrawn while it was checked with, or before: the answer does not matter.
                return engine.try_judge(&text, &policy, now);
            }
            let token = check.answer(valid)?.validate(now)?;
            let may_remember = version == engine.version;
            engine.verified(&text, token, &policy, may_remember, now)
        })
    }

    /// Goes on with a request whose token was looked up.
    ///
    /// # Errors
    /// Why it may not pass: an entry that was found, or that `outage` may have hidden one.
    pub fn looked_up(
        &self,
        look_up: &LookUp,
        entries: &[Revocation],
        outage: Option<String>,
        now: Timestamp,
    ) -> Result<(), Error> {
        // What is found revoked is revoked, whatever else could not be read. This isolate may know more by now.
        refuse_revoked(look_up.ids.verdict(entries), now)?;
        refuse_revoked(look_up.ids.verdict(&self.recent.lookup(look_up.ids())), now)?;
        match outage {
            Some(cause) if !look_up.policy.is_open_in_outages() => Err(Error::StoreUnavailable(cause)),
            _ => Ok(()),
        }
    }

    /// What to look up for a token in force, outside a guarded request.
    pub fn look_up_of(&self, token: &ValidToken) -> LookUp {
        LookUp { ids: Arc::new(token.ids()), policy: Arc::default() }
    }

    /// Verifies a token, which is all that it takes to revoke it. `asked_at` is when somebody asked for that.
    ///
    /// # Errors
    /// [`Error::Refused`], or [`Error::KeysUnavailable`]: that an issuer does not have a key is not known before its keys have been
    /// read after somebody asked. A token that is let alone for a key of yesterday would be good tomorrow.
    pub fn verify(&mut self, text: &str, asked_at: Timestamp, now: Timestamp) -> Result<Verifying, Error> {
        self.try_verify(text, Some(asked_at), now)
    }

    fn try_verify(&mut self, text: &str, asked_at: Option<Timestamp>, now: Timestamp) -> Result<Verifying, Error> {
        self.expire(now);
        let token = UnverifiedToken::parse_with(text, &mut self.headers)?;
        let publishing = self.trust.publishing(token.issuer());
        match self.trust.issuers.verify(token) {
            Ok(Verification::Verified(token)) => Ok(Verifying::Verified(token)),
            Ok(Verification::Ask(check)) => Ok(Verifying::Check(check)),
            Err(Refusal::KeyUnknown) => {
                let key_sets = &mut self.trust.key_sets;
                let key_set = publishing.and_then(|issuer| Some((issuer, key_sets[issuer].as_mut()?)));
                let Some((issuer, key_set)) = key_set else { return Err(Refusal::KeyUnknown.into()) };
                match key_set.unknown(issuer, now) {
                    Unknown::Read(fetch) => Ok(Verifying::Read(fetch)),
                    Unknown::Wait => Ok(Verifying::Wait),
                    Unknown::Refuse if asked_at.is_none_or(|asked_at| key_set.was_read_since(asked_at)) => {
                        Err(Refusal::KeyUnknown.into())
                    }
                    Unknown::Refuse | Unknown::Unavailable => Err(Error::KeysUnavailable(key_set.problem().into())),
                }
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Whether there may be a document to read in the background.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.next_look.is_some_and(|next| next <= now)
    }

    /// A document to read in the background, if it is time. There may be another one.
    pub fn due(&mut self, now: Timestamp) -> Option<Fetch> {
        if !self.is_due(now) {
            return None;
        }
        let key_sets = self.trust.key_sets.iter_mut().enumerate();
        let due = key_sets.filter_map(|(issuer, key_set)| key_set.as_mut()?.due(issuer, now)).next();
        self.next_look = self.trust.next_look();
        due
    }

    /// Takes a document that was asked for, or why it could not be read.
    pub fn fetched(&mut self, fetch: &Fetch, fetched: Result<Fetched<'_>, String>, now: Timestamp) -> Keep {
        let Trust { issuers, key_sets, host_keys, .. } = &mut self.trust;
        let Some(Some(key_set)) = key_sets.get_mut(fetch.issuer) else { return Keep::default() };
        let (keep, changed) = key_set.fetched(fetch, fetched, host_keys, now);
        if changed {
            issuers.publish(fetch.issuer, key_set.keys());
            self.memory.clear();
            self.version += 1;
        }
        self.next_look = self.trust.next_look();
        keep
    }

    /// Takes note of what this isolate revokes: from now on it refuses what that covers.
    pub fn record(&mut self, revocations: &[Revocation], now: Timestamp) {
        self.recent.record(revocations, now);
        self.version += 1;
    }

    /// Drops the keys that are too old.
    fn expire(&mut self, now: Timestamp) {
        if !self.is_due(now) {
            return;
        }
        let Trust { issuers, key_sets, host_keys, .. } = &mut self.trust;
        for (issuer, key_set) in key_sets.iter_mut().enumerate() {
            if key_set.as_mut().is_some_and(|key_set| key_set.expire(host_keys, now)) {
                issuers.publish(issuer, Vec::new());
                self.memory.clear();
                self.version += 1;
            }
        }
    }

    fn settle(&mut self, step: impl FnOnce(&mut Self) -> Result<Step, Error>) -> Step {
        step(self).unwrap_or_else(Step::Refuse)
    }

    fn try_judge(&mut self, text: &str, policy: &Arc<Policy>, now: Timestamp) -> Result<Step, Error> {
        self.expire(now);
        if let Some(remembered) = self.memory.get(text, now) {
            policy.admits(&remembered.token)?;
            return self.recent.judge(&remembered.ids, policy, now);
        }
        match self.try_verify(text, None, now)? {
            Verifying::Verified(token) => self.verified(text, token.validate(now)?, policy, true, now),
            Verifying::Check(check) => {
                let (text, policy) = (text.into(), policy.clone());
                Ok(Step::Check(Checking { check, text, policy, version: self.version }))
            }
            Verifying::Read(fetch) => Ok(Step::Read(fetch)),
            Verifying::Wait => Ok(Step::Wait),
        }
    }

    /// Goes on with a token in force. It may not be remembered when keys or revocations have come or gone while it was verified.
    fn verified(
        &mut self,
        text: &str,
        token: ValidToken,
        policy: &Arc<Policy>,
        may_remember: bool,
        now: Timestamp,
    ) -> Result<Step, Error> {
        policy.admits(&token)?;
        let ids = Arc::new(token.ids());
        if may_remember && self.memory.came_before(text) {
            self.memory.insert(Remembered::new(text, token, ids.clone()));
        }
        self.recent.judge(&ids, policy, now)
    }
}

impl Recent {
    /// Refuses what this isolate has revoked itself. For the rest it is the denylist's word that counts, where that is asked.
    fn judge(&self, ids: &Arc<TokenIds>, policy: &Arc<Policy>, now: Timestamp) -> Result<Step, Error> {
        refuse_revoked(ids.verdict(&self.lookup(ids.iter())), now)?;
        if policy.asks_denylist() {
            Ok(Step::LookUp(LookUp { ids: ids.clone(), policy: policy.clone() }))
        } else {
            Ok(Step::Admit)
        }
    }
}

fn refuse_revoked(verdict: Verdict, now: Timestamp) -> Result<(), Error> {
    let Verdict::Revoked { rule, revoked_at, cutoff, .. } = verdict else { return Ok(()) };
    let retry_after = match cutoff {
        Cutoff::IssuedUntil(cutoff) if cutoff >= now => Some(cutoff.since(now) + ISSUED_AT_RESOLUTION),
        _ => None,
    };
    Err(Error::Revoked { rule, revoked_at, retry_after })
}
