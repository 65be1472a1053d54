use std::{sync::Arc, time::Duration};

use quash_core::{
    Explanation, Headers, HostKey, Peppers, Reason, Refusal, Revocation, RevocationId, SignatureCheck, Target,
    Timestamp, TokenIds, UnverifiedToken, ValidToken, Verification, VerifiedToken,
    follower::{Source, SyncId},
    json::Object,
};

use crate::{
    admin::Problem,
    config::Routes,
    error::Error,
    keys::{Fetch, Fetched, Filed, Keep, Unknown},
    look_up::LookUp,
    memory::{Remembered, TokenMemory},
    policy::{Mode, Policies, Policy},
    revocations::{EdgeRevocations, Revocations},
    status::{PlaceInList, StatusLists, Taken},
    trust::{Signer, Trust},
    wanted::{Unrevocable, Wanted},
};

/// How soon a request looks again for what somebody else reads: at first, and at the latest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(250));

/// Everything that is decided about requests, and what has to be known for it: one for an isolate, or for a server's process.
///
/// It does no I/O. Where something has to be done outside, it says so with a [`Step`]; its host does that, and tells what came
/// of it. Nothing is lost when a host never comes back: its request may have been cancelled.
///
/// `R` is what it knows of revocations: how that comes to be known, and where else to look, is not the same everywhere.
pub struct Engine<R = EdgeRevocations> {
    pub(crate) routes: Arc<Routes>,
    pub(crate) policies: Policies,
    pub(crate) trust: Trust,
    pub(crate) status_lists: StatusLists,
    headers: Headers,
    memory: TokenMemory,
    pub(crate) revocations: R,
    version: u32,
    /// When something is due, at the earliest.
    next_look: Option<Timestamp>,
}

/// What is next with a request.
#[derive(Debug)]
pub enum Step<L = LookUp> {
    /// It may pass. That it is not revoked rests on this.
    Admit(Source),
    /// It may not.
    Refuse(Error),
    /// Check this signature, then go on with [`Engine::checked`].
    Check(Checking),
    /// Look its ids up in the denylist, then go on with what was found.
    LookUp(L),
    /// Read this document, tell [`Engine::fetched`], then begin again.
    Read(Fetch),
    /// Make the reads of this sync, then begin again.
    Sync(SyncId),
    /// Begin again after this time.
    Wait(Duration),
}

/// What is to be done while requests go on.
#[derive(Debug)]
pub enum Due {
    /// Read this document, and tell [`Engine::fetched`].
    Read(Fetch),
    /// Make the reads of this sync.
    Sync(SyncId),
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
    /// Begin again after this time.
    Wait(Duration),
}

/// A request whose token's signature is checked.
#[derive(Debug)]
pub struct Checking {
    /// The signature.
    pub check: SignatureCheck,
    text: Box<str>,
    policy: Arc<Policy>,
    arrived: Timestamp,
    version: u32,
}

impl<R: Revocations> Engine<R> {
    pub(crate) fn with(revocations: R, routes: Arc<Routes>, policies: Policies, mut trust: Trust) -> Self {
        Self {
            routes,
            policies,
            status_lists: StatusLists::new(std::mem::take(&mut trust.status_terms)),
            trust,
            headers: Headers::default(),
            memory: TokenMemory::default(),
            revocations,
            version: 0,
            next_look: None,
        }
    }

    /// How long after its acknowledgement a revocation may be unknown to routes of this mode; `None` where nobody can say.
    pub fn bound(&self, mode: Mode) -> Option<Duration> {
        match mode {
            Mode::Strict => Some(Duration::ZERO),
            Mode::Bounded => self.revocations.max_staleness(),
            _ => None,
        }
    }

    /// Changes when what was decided might be decided otherwise now: after a revocation, or when keys have come or gone.
    pub const fn version(&self) -> u32 {
        self.version
    }

    pub(crate) const fn trust(&self) -> &Trust {
        &self.trust
    }

    /// What handles are sealed with.
    pub const fn peppers(&self) -> &Peppers {
        &self.trust.peppers
    }

    /// A key to check signatures with; `None` when it has been withdrawn.
    pub fn host_key(&self, number: HostKey) -> Option<&Filed> {
        self.trust.host_keys.get(number)
    }

    /// Judges a token on a route with this policy. `arrived` is when its request did: it stays the same when it begins again.
    pub fn judge(&mut self, text: &str, policy: &Arc<Policy>, arrived: Timestamp, now: Timestamp) -> Step<R::LookUp> {
        self.settle(|engine| engine.try_judge(text, policy, arrived, now))
    }

    /// Goes on with a request whose token's signature is right, or is not.
    pub fn checked(&mut self, checking: Checking, valid: bool, now: Timestamp) -> Step<R::LookUp> {
        self.settle(|engine| {
            let Checking { check, text, policy, arrived, version } = checking;
            let key = check.key();
            if engine.host_key(key).is_none() {
                // It was withdrawn while it was checked with, or before: the answer does not matter.
                return engine.try_judge(&text, &policy, arrived, now);
            }
            let token = check.answer(valid)?.validate(now)?;
            let may_remember = version == engine.version;
            engine.verified(&text, token, &policy, may_remember, arrived, now)
        })
    }

    /// Refuses a request that was let in and arrived then, if this isolate has learned since that its token is revoked. Nothing has to
    /// be asked for that, its signature neither: it was right.
    ///
    /// # Errors
    /// [`Error::Revoked`], and no other. With its key gone, or not read yet by an engine that has taken another's place, nobody knows by
    /// what names the token was revoked; what was done while it was good is done.
    pub fn confirm(&mut self, text: &str, arrived: Timestamp, now: Timestamp) -> Result<(), Error> {
        if let Some(remembered) = self.memory.get(text, arrived) {
            return self.revocations.refuse_revoked(&remembered.ids, now);
        }
        match self.let_in(text, arrived) {
            Ok(token) => self.revocations.refuse_revoked(&token.ids(), now),
            Err(_) => Ok(()),
        }
    }

    /// What a token was that was let in.
    fn let_in(&mut self, text: &str, arrived: Timestamp) -> Result<ValidToken, Refusal> {
        let token = UnverifiedToken::parse_with(text, &mut self.headers)?;
        let token = match self.trust.issuers.verify(token)? {
            Verification::Verified(token) => token,
            Verification::Ask(check) => check.answer(true)?,
        };
        token.validate(arrived)
    }

    /// What to revoke, so that no token of an issuer's subject (RFC 9493) is accepted that was issued until now.
    ///
    /// # Errors
    /// [`Refusal::SubjectUnsupported`].
    pub fn revocations_of(
        &self,
        issuer: &str,
        subject: Object<'_>,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Vec<Revocation>, Refusal> {
        self.trust.issuers.revocations_of(issuer, subject, reason, now)
    }

    /// The ids under which a revocation of something of an issuer's may have been written.
    ///
    /// # Errors
    /// [`Refusal::IssuerUnknown`].
    pub fn ids_of(&self, issuer: &str, target: &Target<'_>) -> Result<Vec<RevocationId>, Refusal> {
        self.trust.issuers.terms(issuer).map(|terms| terms.ids(target)).ok_or(Refusal::IssuerUnknown)
    }

    /// What to revoke, where somebody has wanted it of an issuer's tokens at a time before: see [`Wanted::revocation_since`].
    ///
    /// # Errors
    /// [`Error::Refused`] for an issuer that is not ours; [`Problem::Member`] for what is wanted.
    pub fn revocation_wanted(
        &self,
        issuer: &str,
        wanted: &Wanted<'_>,
        wanted_at: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Revocation>, Problem> {
        let terms = self.trust.issuers.terms(issuer).ok_or(Refusal::IssuerUnknown)?;
        wanted.revocation_since(terms, wanted_at, now).map_err(|unrevocable| {
            let member = match unrevocable {
                Unrevocable::Time("expiresAt") => "exp",
                Unrevocable::Time(_) => "before",
                Unrevocable::Claim(_) => "claim",
            };
            Problem::Member(member.into())
        })
    }

    /// Explains what would become of a token. Keys that have not been read are none: [verify](Self::verify) it before.
    pub fn explain(&self, text: &str, now: Timestamp) -> Explanation {
        self.trust.issuers.explain(text, now)
    }

    /// Verifies a token, which is all that it takes to revoke it; or a client's assertion. `asked_at` is when somebody asked for that.
    ///
    /// # Errors
    /// [`Error::Refused`], or [`Error::KeysUnavailable`]: that an issuer does not have a key is not known before its keys have been
    /// read after somebody asked. A token that is let alone for a key of yesterday would be good tomorrow.
    pub fn verify(
        &mut self,
        signer: Signer,
        text: &str,
        asked_at: Timestamp,
        now: Timestamp,
    ) -> Result<Verifying, Error> {
        // Whoever may sign in vain tries again: what a client has not published a moment ago, it has not.
        let read_since = (signer == Signer::Issuer).then_some(asked_at);
        self.try_verify(signer, text, asked_at, read_since, now)
    }

    fn try_verify(
        &mut self,
        signer: Signer,
        text: &str,
        arrived: Timestamp,
        asked_at: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<Verifying, Error> {
        self.expire(now);
        let token = UnverifiedToken::parse_with(text, &mut self.headers)?;
        let publishing = self.trust.publishing(signer, token.issuer());
        match self.trust.signers(signer).verify(token) {
            Ok(Verification::Verified(token)) => Ok(Verifying::Verified(token)),
            Ok(Verification::Ask(check)) => Ok(Verifying::Check(check)),
            Err(Refusal::KeyUnknown) => {
                let key_sets = &mut self.trust.key_sets;
                let key_set = publishing.and_then(|issuer| Some((issuer, key_sets[issuer].as_mut()?)));
                let Some((issuer, key_set)) = key_set else { return Err(Refusal::KeyUnknown.into()) };
                match key_set.unknown(issuer, now) {
                    Unknown::Read(fetch) => Ok(Verifying::Read(fetch)),
                    Unknown::Wait => Ok(Verifying::Wait(pause(now.since(arrived)))),
                    Unknown::Refuse if asked_at.is_none_or(|asked_at| key_set.was_read_since(asked_at)) => {
                        Err(Refusal::KeyUnknown.into())
                    }
                    Unknown::Refuse | Unknown::Unavailable => Err(Error::KeysUnavailable(key_set.problem().into())),
                }
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// Whether there may be something to do while requests go on.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.keys_are_due(now) || self.revocations.is_due() || self.status_lists.is_due()
    }

    fn keys_are_due(&self, now: Timestamp) -> bool {
        self.next_look.is_some_and(|next| next <= now)
    }

    /// What to do while requests go on, if it is time. There may be more.
    pub fn due(&mut self, now: Timestamp) -> Option<Due> {
        if let Some(sync) = self.revocations.due() {
            return Some(Due::Sync(sync));
        }
        if let Some(fetch) = self.status_lists.due() {
            return Some(Due::Read(fetch));
        }
        if !self.keys_are_due(now) {
            return None;
        }
        let key_sets = self.trust.key_sets.iter_mut().enumerate();
        let due = key_sets.filter_map(|(issuer, key_set)| key_set.as_mut()?.due(issuer, now)).next();
        self.next_look = self.trust.next_look();
        due.map(Due::Read)
    }

    /// Takes a document that was asked for, or why it could not be read.
    pub fn fetched(&mut self, fetch: &Fetch, fetched: Result<Fetched<'_>, String>, now: Timestamp) -> Taken {
        if fetch.is_of_status_list() {
            return self.list_fetched(fetch, fetched, now);
        }
        Taken::Done(self.keys_fetched(fetch, fetched, now))
    }

    fn keys_fetched(&mut self, fetch: &Fetch, fetched: Result<Fetched<'_>, String>, now: Timestamp) -> Keep {
        let Trust { key_sets, host_keys, .. } = &mut self.trust;
        let Some(Some(key_set)) = key_sets.get_mut(fetch.issuer) else { return Keep::default() };
        let (keep, changed) = key_set.fetched(fetch, fetched, host_keys, now);
        if changed {
            let keys = key_set.keys();
            self.trust.publish(fetch.issuer, keys);
            self.memory.clear();
            self.status_lists.doubt(now);
            self.version += 1;
        }
        self.next_look = self.trust.next_look();
        keep
    }

    /// Takes note of what this isolate revokes: from now on it refuses what that covers.
    pub fn record(&mut self, revocations: &[Revocation], now: Timestamp) {
        self.revocations.record(revocations, now);
        self.version += 1;
    }

    /// Drops the keys that are too old.
    fn expire(&mut self, now: Timestamp) {
        if !self.keys_are_due(now) {
            return;
        }
        for index in 0..self.trust.key_sets.len() {
            let Trust { key_sets, host_keys, .. } = &mut self.trust;
            if key_sets[index].as_mut().is_some_and(|key_set| key_set.expire(host_keys, now)) {
                self.trust.publish(index, Vec::new());
                self.memory.clear();
                self.version += 1;
            }
        }
    }

    pub(crate) fn settle(&mut self, step: impl FnOnce(&mut Self) -> Result<Step<R::LookUp>, Error>) -> Step<R::LookUp> {
        step(self).unwrap_or_else(Step::Refuse)
    }

    fn try_judge(
        &mut self,
        text: &str,
        policy: &Arc<Policy>,
        arrived: Timestamp,
        now: Timestamp,
    ) -> Result<Step<R::LookUp>, Error> {
        self.expire(now);
        if let Some(remembered) = self.memory.get(text, now) {
            policy.admits(&remembered.token)?;
            let (ids, place) = (remembered.ids.clone(), remembered.place.clone());
            return self.judge_ids(&ids, place.as_deref(), policy, arrived, now);
        }
        match self.try_verify(Signer::Issuer, text, arrived, None, now)? {
            Verifying::Verified(token) => self.verified(text, token.validate(now)?, policy, true, arrived, now),
            Verifying::Check(check) => {
                let (text, policy) = (text.into(), policy.clone());
                Ok(Step::Check(Checking { check, text, policy, arrived, version: self.version }))
            }
            Verifying::Read(fetch) => Ok(Step::Read(fetch)),
            Verifying::Wait(pause) => Ok(Step::Wait(pause)),
        }
    }

    /// Goes on with a token in force. It may not be remembered when keys or revocations have come or gone while it was verified.
    fn verified(
        &mut self,
        text: &str,
        token: ValidToken,
        policy: &Arc<Policy>,
        may_remember: bool,
        arrived: Timestamp,
        now: Timestamp,
    ) -> Result<Step<R::LookUp>, Error> {
        policy.admits(&token)?;
        let place = self.status_lists.place(token.claims())?.map(Arc::new);
        let ids = Arc::new(token.ids());
        if may_remember && self.memory.came_before(text) {
            self.memory.insert(Remembered::new(text, token, ids.clone()).in_list(place.clone()));
        }
        self.judge_ids(&ids, place.as_deref(), policy, arrived, now)
    }

    /// Goes on with a token that is good by itself: whether it was revoked, its issuer and we may both know.
    fn judge_ids(
        &mut self,
        ids: &Arc<TokenIds>,
        place: Option<&PlaceInList>,
        policy: &Arc<Policy>,
        arrived: Timestamp,
        now: Timestamp,
    ) -> Result<Step<R::LookUp>, Error> {
        if let Some(place) = place
            && let Some(step) = self.status(place, policy, arrived, now)?
        {
            return Ok(step);
        }
        let mode = self.routes.mode_of(policy);
        self.revocations.judge(ids, policy, mode, arrived, now)
    }
}

/// How long to wait until another look at what somebody else reads.
pub(crate) fn pause(waited: Duration) -> Duration {
    (waited / 2).clamp(PAUSES.0, PAUSES.1)
}
