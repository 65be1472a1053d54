use std::sync::{Arc, Mutex, MutexGuard};

use quash_core::{
    Revocation, RevocationId, SignatureCheck, Timestamp, ValidToken, VerifiedToken,
    follower::{Read, Source, SyncId},
};
#[cfg(feature = "jwks")]
use quash_engine::Taken;
use quash_engine::{
    Due, Engine, Error, Fetch, Policy, Signer, Step, StoreLookUp, StoreRevocations, Verifying, config::Routes,
};

use crate::{
    clock,
    keys::{ImportedKeys, VerifyingKey},
    store::RedisStore,
};

/// The engine's host: does what it asks for, and decides nothing. All requests of the process share it.
pub(crate) struct Guard {
    engine: Mutex<Engine<StoreRevocations>>,
    imported: ImportedKeys,
    store: RedisStore,
    pub(crate) routes: Arc<Routes>,
}

/// A token may pass.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verdict {
    /// What it rests on that it is not revoked.
    pub(crate) source: Source,
    /// When its request did.
    pub(crate) arrived: Timestamp,
    /// The engine's when it was decided.
    pub(crate) version: u32,
}

/// What the engine has decided.
struct Turn {
    step: Step<StoreLookUp>,
    at: Timestamp,
    version: u32,
}

impl Guard {
    pub(crate) fn new(engine: Engine<StoreRevocations>, routes: Arc<Routes>, store: RedisStore) -> Self {
        Self { engine: Mutex::new(engine), imported: ImportedKeys::default(), store, routes }
    }

    /// The engine, and the time: read while nobody else can have read a later one, or it would take its clock for set back.
    /// Whoever holds it must let go of it before anything is awaited.
    ///
    /// # Errors
    /// [`Error::Platform`], once it has panicked: what it knows of revocations is in no state to go by, so nobody is let in.
    pub(crate) fn engine(&self) -> Result<(MutexGuard<'_, Engine<StoreRevocations>>, Timestamp), Error> {
        let engine = self.engine.lock().map_err(|_| Error::Platform("the engine has panicked".into()))?;
        Ok((engine, clock::now()))
    }

    /// Judges a token.
    pub(crate) async fn judge(self: &Arc<Self>, text: &str, policy: &Arc<Policy>) -> Result<Verdict, Error> {
        let mut turn = self.turn(|engine, now| engine.judge(text, policy, now, now))?;
        let arrived = turn.at;
        let again = || self.turn(|engine, now| engine.judge(text, policy, arrived, now));
        loop {
            turn = match turn.step {
                Step::Admit(source) => return Ok(Verdict { source, arrived, version: turn.version }),
                Step::Refuse(error) => return Err(error),
                Step::Check(checking) => {
                    let valid = self.verifies(&checking.check)?;
                    self.turn(|engine, now| engine.checked(checking, valid, now))?
                }
                Step::LookUp(look_up) => self.look_up(&look_up).await?,
                Step::Read(fetch) => {
                    self.read(fetch).await;
                    again()?
                }
                Step::Sync(sync) => {
                    self.sync(sync).await;
                    again()?
                }
                Step::Wait(pause) => {
                    tokio::time::sleep(pause).await;
                    again()?
                }
            }
        }
    }

    /// Refuses a request that was let in by this verdict, should its token have been revoked here since.
    pub(crate) fn confirm(&self, text: &str, verdict: &Verdict) -> Result<(), Error> {
        let (mut engine, now) = self.engine()?;
        if engine.version() == verdict.version { Ok(()) } else { engine.confirm(text, verdict.arrived, now) }
    }

    /// Verifies a token's signature.
    pub(crate) async fn verify(self: &Arc<Self>, text: &str) -> Result<VerifiedToken, Error> {
        let mut asked_at = None;
        loop {
            let verifying = {
                let (mut engine, now) = self.engine()?;
                engine.verify(Signer::Issuer, text, *asked_at.get_or_insert(now), now)?
            };
            match verifying {
                Verifying::Verified(token) => return Ok(token),
                Verifying::Check(check) => {
                    let valid = self.verifies(&check)?;
                    return Ok(check.answer(valid)?);
                }
                Verifying::Read(fetch) => self.read(fetch).await,
                Verifying::Wait(pause) => tokio::time::sleep(pause).await,
            }
        }
    }

    /// Asks the store about a token in force.
    pub(crate) async fn check(self: &Arc<Self>, token: &ValidToken) -> Result<(), Error> {
        let look_up = self.engine()?.0.look_up_of(token);
        match self.look_up(&look_up).await?.step {
            Step::Refuse(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Records revocations and comes back when they are durable: as durable as the store is.
    ///
    /// From the first moment this process refuses what they cover. Should the store fail, it goes on refusing: nothing is
    /// acknowledged, but whoever asked for it wanted no less. A caller that goes away stops nothing.
    pub(crate) async fn record(self: &Arc<Self>, revocations: Vec<Revocation>) -> Result<(), Error> {
        {
            let (mut engine, now) = self.engine()?;
            engine.record(&revocations, now);
        }
        let guard = Arc::clone(self);
        let appended = tokio::spawn(async move { guard.store.append(&revocations).await }).await;
        let unavailable = |cause: &dyn std::fmt::Display| Error::StoreUnavailable(cause.to_string());
        appended.map_err(|error| unavailable(&error))?.map_err(|error| unavailable(&error))
    }

    fn turn(
        self: &Arc<Self>,
        decide: impl FnOnce(&mut Engine<StoreRevocations>, Timestamp) -> Step<StoreLookUp>,
    ) -> Result<Turn, Error> {
        let (mut engine, at) = self.engine()?;
        let step = decide(&mut engine, at);
        let version = engine.version();
        // What is due is done while requests go on with what is there.
        while engine.is_due(at)
            && let Some(due) = engine.due(at)
        {
            let guard = Arc::clone(self);
            tokio::spawn(async move {
                match due {
                    Due::Read(fetch) => guard.read_documents(fetch).await,
                    Due::Sync(sync) => guard.follow(sync).await,
                }
            });
        }
        Ok(Turn { step, at, version })
    }

    async fn look_up(self: &Arc<Self>, look_up: &StoreLookUp) -> Result<Turn, Error> {
        let ids: Vec<RevocationId> = look_up.ids().collect();
        let (found, outage) = match self.store.look_up(&ids).await {
            Ok(found) => (found, None),
            Err(error) => (Vec::new(), Some(error.to_string())),
        };
        self.turn(|engine, now| engine.found(look_up, &found, outage, now))
    }

    /// Reads the store's log, and goes on when this request is cancelled: others wait for what it brings.
    async fn sync(self: &Arc<Self>, sync: SyncId) {
        let guard = Arc::clone(self);
        if let Err(error) = tokio::spawn(async move { guard.follow(sync).await }).await {
            tracing::error!("quash: the log was not read: {error}");
        }
    }

    async fn follow(&self, sync: SyncId) {
        while let Some(read) = self.next_read(sync) {
            let answer = self.store.read(read.part).await.map_err(|error| error.to_string());
            if let Err(problem) = &answer {
                tracing::warn!("quash: the log cannot be read: {problem}");
            }
            let Ok((mut engine, now)) = self.engine() else { return };
            engine.read(&read, answer.as_ref().map(|read| read.part()).map_err(Clone::clone), now);
        }
    }

    fn next_read(&self, sync: SyncId) -> Option<Read> {
        let (mut engine, now) = self.engine().ok()?;
        engine.next_read(sync, now)
    }

    /// Reads what an issuer publishes, and what that leads to, and goes on when this request is cancelled.
    async fn read(self: &Arc<Self>, fetch: Fetch) {
        let (guard, url) = (Arc::clone(self), fetch.url.clone());
        if let Err(error) = tokio::spawn(async move { guard.read_documents(fetch).await }).await {
            tracing::error!("quash: {url} was not read: {error}");
        }
    }

    #[cfg(feature = "jwks")]
    async fn read_documents(&self, fetch: Fetch) {
        let mut next = Some(fetch);
        while let Some(fetch) = next.take() {
            let document = crate::key_documents::read(&fetch).await;
            if let Err(problem) = &document {
                tracing::warn!("quash: {}: {problem}", fetch.url);
            }
            let fetched = document.as_ref().map_err(Clone::clone).map(|document| quash_engine::Fetched {
                body: &document.body,
                cache_control: document.cache_control.as_deref(),
                age: document.age,
                kept: std::time::Duration::ZERO,
            });
            let Ok(taken) = self.engine().map(|(mut engine, now)| engine.fetched(&fetch, fetched, now)) else { return };
            next = self.next_document(taken);
        }
    }

    /// Does with a document what the engine wants of it, and tells what to read next.
    #[cfg(feature = "jwks")]
    fn next_document(&self, mut taken: Taken) -> Option<Fetch> {
        loop {
            taken = match taken {
                Taken::Done(keep) => return keep.next,
                Taken::Check(checking) => {
                    let valid = self.verifies(&checking.check).map_err(|error| error.to_string());
                    let (mut engine, now) = self.engine().ok()?;
                    engine.list_checked(checking, valid, now)
                }
                Taken::Inflate(deflated) => {
                    let inflated = crate::key_documents::inflate(&deflated);
                    let (mut engine, now) = self.engine().ok()?;
                    engine.inflated(deflated, inflated, now)
                }
            };
        }
    }

    /// No issuer publishes anything: [`Config`](crate::Config) has seen to it.
    #[cfg(not(feature = "jwks"))]
    async fn read_documents(&self, fetch: Fetch) {
        tracing::error!("quash: {} is not read without the feature `jwks`", fetch.url);
    }

    /// Whether a signature is right.
    ///
    /// # Errors
    /// [`Error::Configuration`] or [`Error::KeysUnavailable`] when the key cannot be used.
    fn verifies(&self, check: &SignatureCheck) -> Result<bool, Error> {
        if let Some(key) = self.imported.get(check.key()) {
            return Ok(key.verifies(check));
        }
        let (engine, _) = self.engine()?;
        // Withdrawn since the engine has asked, so the answer does not matter.
        let Some(filed) = engine.host_key(check.key()) else { return Ok(false) };
        let key = Arc::new(VerifyingKey::import(filed).map_err(|problem| filed.unusable(problem))?);
        self.imported.keep(check.key(), Arc::clone(&key), |number| engine.host_key(number).is_some());
        drop(engine);
        Ok(key.verifies(check))
    }
}
