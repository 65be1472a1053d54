use std::{
    cell::{OnceCell, RefCell, RefMut},
    rc::Rc,
    sync::Arc,
};

use quash_core::{Revocation, RevocationId, Timestamp, ValidToken, VerifiedToken};
use quash_engine::{Engine, Error, Fetch, LookUp, MOMENT, Policy, Step, Verifying};
use worker::Delay;

use crate::{key_documents, store::Denylist, wait_until::wait_until, webcrypto::ImportedKeys};

/// Is told of revocations.
pub(crate) type Hook = Box<dyn Fn(&[Revocation])>;

/// The engine's host: does what it asks for, and decides nothing.
pub(crate) struct Guard {
    engine: RefCell<Engine>,
    imported: ImportedKeys,
    denylist: Denylist,
    on_record: OnceCell<Hook>,
}

impl Guard {
    pub(crate) fn new(engine: Engine, denylist: Denylist) -> Self {
        Self { engine: RefCell::new(engine), imported: ImportedKeys::default(), denylist, on_record: OnceCell::new() }
    }

    /// The engine. Whoever holds it must let go of it before anything is awaited.
    pub(crate) fn engine(&self) -> RefMut<'_, Engine> {
        self.engine.borrow_mut()
    }

    /// There is one hook: a second is not taken.
    pub(crate) fn on_record(&self, hook: Hook) {
        let _ = self.on_record.set(hook);
    }

    /// Judges a token, and tells the engine's version by which it was.
    pub(crate) async fn judge(self: &Rc<Self>, text: &str, policy: &Arc<Policy>) -> Result<u32, Error> {
        self.refresh_keys();
        let (mut step, mut moment) = (self.engine().judge(text, policy, now()), MOMENT);
        loop {
            step = match step {
                Step::Admit => return Ok(self.engine().version()),
                Step::Refuse(error) => return Err(error),
                Step::Check(checking) => {
                    let valid = self.imported.check(&self.engine, &checking.check).await?;
                    self.engine().checked(checking, valid, now())
                }
                Step::LookUp(look_up) => {
                    self.look_up(&look_up).await?;
                    Step::Admit
                }
                Step::Read(fetch) => {
                    self.read(fetch).await;
                    self.engine().judge(text, policy, now())
                }
                Step::Wait => {
                    Delay::from(moment).await;
                    moment *= 2;
                    self.engine().judge(text, policy, now())
                }
            }
        }
    }

    /// Verifies a token's signature, in the engine or by WebCrypto.
    pub(crate) async fn verify(&self, text: &str) -> Result<VerifiedToken, Error> {
        let (asked_at, mut moment) = (now(), MOMENT);
        loop {
            // Alone, or the engine would be held while the signature is checked.
            let verifying = self.engine().verify(text, asked_at, now())?;
            match verifying {
                Verifying::Verified(token) => return Ok(token),
                Verifying::Check(check) => {
                    let valid = self.imported.check(&self.engine, &check).await?;
                    return Ok(check.answer(valid)?);
                }
                Verifying::Read(fetch) => self.read(fetch).await,
                Verifying::Wait => {
                    Delay::from(moment).await;
                    moment *= 2;
                }
            }
        }
    }

    /// Asks the denylist about a token in force.
    pub(crate) async fn check(&self, token: &ValidToken) -> Result<(), Error> {
        let look_up = self.engine().look_up_of(token);
        self.look_up(&look_up).await
    }

    /// Records revocations and comes back when they are durable.
    ///
    /// From the first moment this isolate refuses what they cover. Should the store fail, it goes on refusing: nothing is
    /// acknowledged, but whoever asked for it wanted no less.
    pub(crate) async fn record(&self, revocations: &[Revocation], now: Timestamp) -> Result<(), Error> {
        self.engine().record(revocations, now);
        if let Some(hook) = self.on_record.get() {
            hook(revocations);
        }
        Ok(self.denylist.record(revocations, now).await?)
    }

    async fn look_up(&self, look_up: &LookUp) -> Result<(), Error> {
        let ids: Vec<RevocationId> = look_up.ids().collect();
        let found = self.denylist.look_up(&ids).await;
        let outage = found.outage.map(|outage| outage.to_string());
        self.engine().looked_up(look_up, &found.entries, outage, now())
    }

    /// Reads a document of keys, and what it leads to.
    async fn read(&self, fetch: Fetch) {
        let mut next = Some(fetch);
        while let Some(fetch) = next.take() {
            next = key_documents::read(&self.engine, &fetch).await;
        }
    }

    /// Has keys that are due be read again, while requests go on with those that are there.
    fn refresh_keys(self: &Rc<Self>) {
        loop {
            // Alone, or the engine would be held while it is read.
            let Some(fetch) = self.engine().due(now()) else { return };
            let guard = Rc::clone(self);
            wait_until(async move { guard.read(fetch).await });
        }
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_millis(worker::Date::now().as_millis())
}
