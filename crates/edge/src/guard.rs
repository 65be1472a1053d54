use std::{
    cell::{Cell, OnceCell, RefCell, RefMut},
    rc::Rc,
    slice,
    sync::Arc,
    time::Duration,
};

use quash_core::{
    ClientAssertion, Explanation, RefreshToken, Revocation, RevocationId, Timestamp, ValidToken, VerifiedToken,
    follower::{Source, SyncId},
};
use quash_engine::{
    Answer, Due, Engine, Error, Fetch, Health, LookUp, Policy, Signer, StatusMark, Step, Verifying, admin::Problem,
    from_lines, merged,
};
use worker::Delay;

use crate::{
    key_documents,
    ledger::{self, LedgerClient, Lifted},
    respond, status_list,
    store::{Denylist, Lookup},
    wait_until::{outlive, wait_until},
    webcrypto::ImportedKeys,
};

/// Is told of revocations.
pub(crate) type Hook = Box<dyn Fn(&[Revocation])>;

/// The engine's host: does what it asks for, and decides nothing.
pub(crate) struct Guard {
    engine: RefCell<Engine>,
    imported: ImportedKeys,
    denylist: Denylist,
    on_record: OnceCell<Hook>,
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

impl Guard {
    pub(crate) fn new(engine: Engine, denylist: Denylist) -> Self {
        Self { engine: RefCell::new(engine), imported: ImportedKeys::default(), denylist, on_record: OnceCell::new() }
    }

    /// The engine. Whoever holds it must let go of it before anything is awaited.
    pub(crate) fn engine(&self) -> RefMut<'_, Engine> {
        self.engine.borrow_mut()
    }

    /// Whether revocations are kept in a ledger, too.
    pub(crate) const fn has_ledger(&self) -> bool {
        self.denylist.ledger().is_some()
    }

    /// There is one hook: a second is not taken.
    pub(crate) fn on_record(&self, hook: Hook) {
        let _ = self.on_record.set(hook);
    }

    /// Judges a token.
    pub(crate) async fn judge(self: &Rc<Self>, text: &str, policy: &Arc<Policy>) -> Result<Verdict, Error> {
        let arrived = now();
        let mut step = self.engine().judge(text, policy, arrived, arrived);
        if self.engine().is_due(arrived) {
            self.do_what_is_due();
        }
        loop {
            step = match step {
                Step::Admit(source) => return Ok(Verdict { source, arrived, version: self.engine().version() }),
                Step::Refuse(error) => return Err(error),
                Step::Check(checking) => {
                    let valid = self.imported.check(&self.engine, &checking.check).await?;
                    let step = self.engine().checked(checking, valid, later());
                    self.do_what_is_due();
                    step
                }
                Step::LookUp(look_up) => self.look_up(look_up).await,
                Step::Read(fetch) => {
                    self.read(fetch).await;
                    self.engine().judge(text, policy, arrived, later())
                }
                Step::Sync(sync) => {
                    self.sync(sync).await;
                    self.engine().judge(text, policy, arrived, later())
                }
                Step::Wait(pause) => {
                    Delay::from(pause).await;
                    self.engine().judge(text, policy, arrived, later())
                }
            }
        }
    }

    /// Refuses a request that was let in by this verdict, should its token have been revoked here since.
    pub(crate) fn confirm(&self, text: &str, verdict: &Verdict) -> Result<(), Error> {
        let mut engine = self.engine();
        if engine.version() == verdict.version { Ok(()) } else { engine.confirm(text, verdict.arrived, later()) }
    }

    /// Asks how the guard is.
    pub(crate) async fn health(self: &Rc<Self>) -> Answer {
        let arrived = now();
        loop {
            // Alone, or the engine would be held while the ledger is read.
            let health = self.engine().health(arrived, later());
            self.do_what_is_due();
            match health {
                Health::Answer(answer) => return answer,
                Health::Sync(sync) => self.sync(sync).await,
                Health::Wait(pause) => Delay::from(pause).await,
            }
        }
    }

    /// Verifies a token's signature.
    pub(crate) async fn verify(self: &Rc<Self>, text: &str) -> Result<VerifiedToken, Error> {
        self.verify_by(Signer::Issuer, text).await
    }

    /// Verifies whose signature something has, in the engine or by WebCrypto.
    pub(crate) async fn verify_by(self: &Rc<Self>, signer: Signer, text: &str) -> Result<VerifiedToken, Error> {
        let asked_at = now();
        loop {
            // Alone, or the engine would be held while the signature is checked.
            let verifying = self.engine().verify(signer, text, asked_at, later())?;
            match verifying {
                Verifying::Verified(token) => return Ok(token),
                Verifying::Check(check) => {
                    let valid = self.imported.check(&self.engine, &check).await?;
                    return Ok(check.answer(valid)?);
                }
                Verifying::Read(fetch) => self.read(fetch).await,
                Verifying::Wait(pause) => Delay::from(pause).await,
            }
        }
    }

    /// Asks the denylist about a token in force, as strictly as can be.
    pub(crate) async fn check(&self, token: &ValidToken) -> Result<(), Error> {
        let mut step = Step::LookUp(self.engine().look_up_of(token));
        while let Step::LookUp(look_up) = step {
            step = self.look_up(look_up).await;
        }
        match step {
            Step::Refuse(error) => Err(error),
            _ => Ok(()),
        }
    }

    /// Records revocations and comes back when they are durable.
    ///
    /// From the first moment this isolate refuses what they cover. Should the store fail, it goes on refusing: nothing is
    /// acknowledged, but whoever asked for it wanted no less.
    pub(crate) async fn record(&self, revocations: &[Revocation], now: Timestamp) -> Result<(), Error> {
        self.record_marked(revocations, &[], &[], now).await.map(drop)
    }

    /// The same, with the record of each for the audit log, if there are any; and has the status lists that tokens have their places in say so. What
    /// was not marked would be accepted by whoever goes by a list, so it is not acknowledged either. Tells what had been lifted of it before, as it
    /// is revoked now.
    pub(crate) async fn record_marked(
        &self,
        revocations: &[Revocation],
        records: &[String],
        marks: &[StatusMark],
        now: Timestamp,
    ) -> Result<Vec<Revocation>, Error> {
        self.note(revocations, now);
        // First: once the ledger has a session's end, its token cannot ask again for what has failed.
        self.mark(marks).await?;
        let relies_on_kv = self.engine().relies_on_workers_kv();
        let lifted = self.denylist.record(revocations, records, relies_on_kv, now).await?;
        if lifted.is_empty() {
            return Ok(lifted);
        }
        // What was lifted elsewhere was not known here: without its count, what this isolate has just revoked would give way to that.
        self.note(&lifted, now);
        self.denylist.lifted(lifted.clone(), relies_on_kv, now).await?;
        // And the mark may have gone with what was lifted.
        let anew: Vec<_> = marks.iter().map(|mark| mark.as_of(later())).collect();
        self.mark(&anew).await?;
        Ok(lifted)
    }

    async fn mark(&self, marks: &[StatusMark]) -> Result<(), Error> {
        if let Some(ledger) = self.denylist.ledger().filter(|_| !marks.is_empty()) {
            let lists = ledger.mark(marks).await?;
            // Here it shows at once.
            status_list::forget(ledger, &lists).await;
        }
        Ok(())
    }

    /// Has this isolate know it, and whoever judges beside this guard.
    fn note(&self, rows: &[Revocation], now: Timestamp) {
        self.engine().record(rows, now);
        if let Some(hook) = self.on_record.get() {
            hook(rows);
        }
    }

    /// Lifts what there is under an id, everywhere within the bound, and has a record of it in the audit log.
    pub(crate) async fn lift(&self, id: RevocationId, record: &str, now: Timestamp) -> Result<Lifted, Problem> {
        let ledger = self.ledger()?;
        let mut lifted = ledger.lift(id, record).await.map_err(Error::from)?;
        let lifts = match &lifted {
            Lifted::Done(row) => row.cover.lifts(),
            Lifted::Unknown => 0,
            Lifted::Changed => return Ok(lifted),
        };
        // Workers KV may have what the ledger has not taken, and nobody was told is revoked: first it is, and then that is lifted.
        let in_kv = self.denylist.look_up(&[id], true).await.entries;
        let is_untold = |entry: &&Revocation| !entry.cover.covers_nothing() && entry.cover.lifts() >= lifts;
        if let Some(entry) = in_kv.iter().find(is_untold) {
            ledger.append(slice::from_ref(entry), &[]).await.map_err(Error::from)?;
            lifted = ledger.lift(id, record).await.map_err(Error::from)?;
        }
        if let Lifted::Done(row) = &lifted {
            self.note(&[*row], now);
            let relies_on_kv = self.engine().relies_on_workers_kv();
            self.denylist.lifted(vec![*row], relies_on_kv, now).await.map_err(Error::from)?;
            let lists = self.engine().status_lists();
            ledger.unmark(row, &lists).await.map_err(Error::from)?;
            status_list::forget(ledger, &lists).await;
        }
        Ok(lifted)
    }

    /// Refuses what spares a session where there is no ledger. Of two places that write within the minute that Workers KV takes to show it, the
    /// later one's entry stays: whoever has a stolen token must not have his own session spared by writing over what has just ended it.
    ///
    /// # Errors
    /// [`Error::LedgerNeeded`].
    pub(crate) fn refuse_sparing(&self, revocations: &[Revocation]) -> Result<(), Error> {
        let spares = |revocation: &Revocation| revocation.cover.others().is_some();
        if revocations.iter().any(spares) { self.ledger().map(drop) } else { Ok(()) }
    }

    /// The ledger, for what only that knows.
    ///
    /// # Errors
    /// [`Error::LedgerNeeded`].
    pub(crate) fn ledger(&self) -> Result<&LedgerClient, Error> {
        self.denylist.ledger().ok_or(Error::LedgerNeeded)
    }

    /// The entries in force under these ids, as the ledger has them, or without one Workers KV.
    pub(crate) async fn entries(&self, ids: &[RevocationId], now: Timestamp) -> Result<Vec<Revocation>, Error> {
        let mut entries = match self.denylist.ledger() {
            Some(ledger) => ledger.entries(ids).await?,
            None => match self.denylist.look_up(ids, false).await {
                Lookup { entries, outage: None } => entries,
                Lookup { outage: Some(outage), .. } => return Err(outage.into()),
            },
        };
        entries.retain(|entry| entry.expires_at > now);
        let mut entries = merged(entries);
        entries.retain(|entry| !entry.cover.covers_nothing());
        Ok(entries)
    }

    /// Explains what would become of a token. What nobody could be asked about stays open in it.
    pub(crate) async fn explain(self: &Rc<Self>, text: &str) -> Result<Explanation, Error> {
        // So that its issuer's keys are read, if they have to be.
        match self.verify(text).await {
            Ok(_) | Err(Error::Refused(_)) => {}
            Err(error) => return Err(error),
        }
        let mut explanation = self.engine().explain(text, later());
        let valid = match explanation.signature_check() {
            Some(check) => Some(self.imported.check(&self.engine, check).await?),
            None => None,
        };
        if let Some(valid) = valid {
            explanation.answer_signature(valid);
        }
        match self.entries(&explanation.ids(), later()).await {
            Ok(entries) => explanation.answer_entries(&entries),
            Err(error) => respond::log(&error),
        }
        Ok(explanation)
    }

    /// Takes note that an assertion has been used. Tells whether that was for the first time, wherever it was before.
    pub(crate) async fn use_once(&self, assertion: &ClientAssertion, now: Timestamp) -> Result<bool, Error> {
        match self.denylist.ledger() {
            Some(ledger) => Ok(ledger.use_once(&assertion.uses(now)).await?),
            // The configuration sees to it that there is one.
            None => Err(Error::StoreUnavailable("there is no ledger".into())),
        }
    }

    /// Takes note that a refresh token is used. Tells how long ago that was for the first time, wherever it was; `None`: just now.
    pub(crate) async fn first_use(&self, token: &RefreshToken, now: Timestamp) -> Result<Option<Duration>, Error> {
        match self.denylist.ledger() {
            Some(ledger) => Ok(ledger.first_use(&token.uses(now)).await?),
            // The configuration sees to it that there is one.
            None => Err(Error::StoreUnavailable("there is no ledger".into())),
        }
    }

    async fn look_up(&self, look_up: LookUp) -> Step {
        if let (Some(questions), Some(ledger)) = (look_up.in_shards(), self.denylist.ledger()) {
            let (lines, history, outage) = match ledger.ask(questions).await {
                Ok((lines, history)) => (lines, history, None),
                Err(cause) => (String::new(), None, Some(format!("the ledger did not answer: {cause}"))),
            };
            let (entries, unreadable) = from_lines(&lines);
            return self.engine().looked_up(look_up, &entries, outage.or(unreadable), history, later());
        }
        let ids: Vec<RevocationId> = look_up.ids().collect();
        let found = self.denylist.look_up(&ids, look_up.is_by_store_alone()).await;
        let outage = found.outage.map(|outage| outage.to_string());
        self.engine().looked_up(look_up, &found.entries, outage, None, later())
    }

    /// Reads the ledger's log, and goes on when this request is cancelled: others wait for what it brings.
    async fn sync(self: &Rc<Self>, sync: SyncId) {
        let guard = Rc::clone(self);
        outlive(async move { guard.follow(sync).await }).await;
    }

    /// Reads the ledger's log.
    async fn follow(&self, sync: SyncId) {
        if let Some(ledger) = self.denylist.ledger() {
            ledger::follow(&self.engine, ledger, sync).await;
        }
    }

    /// Reads what an issuer publishes, and goes on when this request is cancelled, as above.
    async fn read(self: &Rc<Self>, fetch: Fetch) {
        let guard = Rc::clone(self);
        outlive(async move { guard.read_documents(fetch).await }).await;
    }

    /// Reads what an issuer publishes, and what that leads to.
    async fn read_documents(&self, fetch: Fetch) {
        let mut next = Some(fetch);
        while let Some(fetch) = next.take() {
            next = key_documents::read(&self.engine, &self.imported, &fetch).await;
        }
    }

    /// Has what is due be read, while requests go on with what is there.
    fn do_what_is_due(self: &Rc<Self>) {
        loop {
            // Alone, or the engine would be held while it is read.
            let Some(due) = self.engine().due(later()) else { return };
            let guard = Rc::clone(self);
            wait_until(async move {
                match due {
                    Due::Read(fetch) => guard.read_documents(fetch).await,
                    Due::Sync(sync) => guard.follow(sync).await,
                }
            });
        }
    }
}

thread_local! {
    /// The latest time that was seen.
    static SEEN: Cell<Timestamp> = const { Cell::new(Timestamp::from_millis(0)) };
}

/// When a request arrives.
pub(crate) fn now() -> Timestamp {
    // Not the `worker` crate's, which makes an object of it.
    let now = Timestamp::from_millis(js_sys::Date::now() as u64);
    SEEN.set(now);
    now
}

/// When it goes on. In a timer's callback the platform says when that was due, which is before what other requests have seen
/// since. What they have seen is nearer the truth, and never ahead of it.
pub(crate) fn later() -> Timestamp {
    let later = SEEN.get().max(now());
    SEEN.set(later);
    later
}
