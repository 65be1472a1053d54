//! What an engine at the edge is asked and told besides: of Workers KV, and of the ledger.

use std::sync::Arc;

use quash_core::{
    Revocation, Timestamp, ValidToken,
    follower::{Source, SyncId},
    ledger::ShardHistory,
};

use crate::{
    config::Config,
    engine::{Engine, Step},
    error::Error,
    look_up::LookUp,
    policy::{Mode, Policy},
    revocations::{EdgeRevocations, LedgerRead, Revocations, refuse},
    trust::Trust,
};

impl Engine {
    /// The engine of a deployment. `seed` is to be random: isolates that read at the same moments would all ask the ledger.
    pub fn new(config: Config, trust: Trust, seed: u64) -> Self {
        let revocations = match &config.ledger {
            None => EdgeRevocations::default(),
            Some(ledger) => EdgeRevocations::followed(ledger.terms, &trust, seed),
        };
        Self::with(revocations, config.routes, config.policies, trust)
    }

    /// Whether there are routes that look for revocations in Workers KV alone: then it has to have each of them.
    pub fn relies_on_workers_kv(&self) -> bool {
        let is_eventual = |(_, policy): &(_, Arc<Policy>)| self.routes.mode_of(policy) == Mode::Eventual;
        self.routes.mode == Mode::Eventual || self.policies.routes.iter().any(is_eventual)
    }

    /// Goes on with a request whose token was looked up. `history` is what the root of the ledger told with its answer.
    ///
    /// # Errors
    /// Why it may not pass: an entry that was found, or that `outage` may have hidden one.
    pub fn looked_up(
        &mut self,
        look_up: LookUp,
        entries: &[Revocation],
        outage: Option<String>,
        history: Option<ShardHistory>,
        now: Timestamp,
    ) -> Step {
        self.settle(|engine| {
            if let (Some(arrived), Some(followed)) = (look_up.arrived(), engine.revocations.followed_mut()) {
                return followed.resolve(&look_up, arrived, entries, outage, now);
            }
            if let (Some(_), Some(followed)) = (look_up.history(), engine.revocations.followed_mut()) {
                followed.told(entries, now);
            }
            // What is found revoked is revoked, whatever else could not be read; unless it was lifted since, as the ledger has told.
            let live = engine.revocations.live();
            let lifts = |id| live.lookup(id).map_or(0, |known| known.cover.lifts());
            let found: Vec<_> =
                entries.iter().filter(|entry| entry.cover.lifts() >= lifts(&entry.id)).copied().collect();
            refuse(look_up.ids.verdict(&found), now)?;
            // This isolate may know more by now.
            let by_store_alone = look_up.is_by_store_alone();
            if !by_store_alone {
                engine.revocations.refuse_revoked(&look_up.ids, now)?;
            }
            let source = match (outage, look_up.in_outages()) {
                (Some(cause), None) => return Err(Error::StoreUnavailable(cause)),
                (None, _) => look_up.source(),
                (Some(_), Some(source)) => source,
            };
            if let (Source::LastKnownGood(_), Some(followed)) = (source, engine.revocations.followed_mut()) {
                return followed.last_known_good(&look_up.policy, now).map(Step::Admit);
            }
            if source.is_degraded() {
                return Ok(Step::Admit(source));
            }
            let (Some(asked_by), Some(followed)) = (look_up.history(), engine.revocations.followed_mut()) else {
                return Ok(Step::Admit(source));
            };
            let history =
                history.ok_or_else(|| Error::StoreUnavailable("the ledger's root tells no history".into()))?;
            let asked_all = asked_by.as_slice() == history.as_slice();
            followed.learn(history);
            match asked_all {
                false => {
                    let again = followed.look_up(&look_up.ids, &look_up.policy);
                    Ok(Step::LookUp(again.by_store_alone(by_store_alone)))
                }
                true if followed.is_settled(now) => Ok(Step::Admit(source)),
                true => {
                    let in_kv = LookUp::in_kv(&look_up.ids, &look_up.policy, source);
                    Ok(Step::LookUp(in_kv.by_store_alone(by_store_alone)))
                }
            }
        })
    }

    /// What to look up for a token in force, outside a guarded request: as strictly as can be, and by the store alone.
    pub fn look_up_of(&self, token: &ValidToken) -> LookUp {
        self.revocations.look_up_of(Arc::new(token.ids())).by_store_alone(true)
    }

    /// What to read for a sync, in any order or all at once; `None` when there is nothing now. Each answer may bring more.
    pub fn next_read(&mut self, sync: SyncId, now: Timestamp) -> Option<LedgerRead> {
        self.revocations.followed_mut()?.next_read(sync, now)
    }

    /// Whether a copy in the data centre's cache will do, of an answer that was asked for at `copied_at`.
    pub fn is_usable(&mut self, read: &LedgerRead, copied_at: Timestamp, now: Timestamp) -> bool {
        self.revocations.followed_mut().is_some_and(|followed| followed.is_usable(read, copied_at, now))
    }

    /// Takes what a read brought: the ledger's own answer, or a copy that was asked for at `copied_at`; or why there is none.
    pub fn read(
        &mut self,
        read: &LedgerRead,
        answer: Result<&[u8], String>,
        copied_at: Option<Timestamp>,
        now: Timestamp,
    ) {
        let Some(followed) = self.revocations.followed_mut() else { return };
        match answer {
            Ok(bytes) => followed.answered(read, bytes, copied_at, now),
            Err(problem) => followed.failed(read, problem, now),
        }
    }
}
