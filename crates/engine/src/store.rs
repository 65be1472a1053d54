//! What an engine beside a store is asked and told besides: of the store, and of its log. Servers have one.

use std::sync::Arc;

use quash_core::{
    IssuerTerms, Revocation, Timestamp, ValidToken,
    follower::{Read, SyncId},
};

use crate::{
    config::StoreConfig,
    engine::{Engine, Step},
    revocations::{LogPart, StoreLookUp, StoreRevocations},
    trust::Trust,
};

impl Engine<StoreRevocations> {
    /// The engine of a server's process. `seed` is to be random: processes that read at the same moments would all ask the store.
    pub fn with_store(config: StoreConfig, trust: Trust, seed: u64) -> Self {
        Self::with(StoreRevocations::new(config.terms, seed), config.routes, config.policies, trust)
    }

    /// Goes on with a request whose token was looked up, and of which the store has these rows: all of them, unless there is an
    /// outage.
    pub fn found(
        &mut self,
        look_up: &StoreLookUp,
        rows: &[Revocation],
        outage: Option<String>,
        now: Timestamp,
    ) -> Step<StoreLookUp> {
        self.settle(|engine| engine.revocations.found(look_up, rows, outage, now))
    }

    /// What to look up for a token in force, outside a guarded request: by the store alone.
    pub fn look_up_of(&self, token: &ValidToken) -> StoreLookUp {
        StoreRevocations::look_up(&Arc::new(token.ids()), &Arc::default()).by_store_alone()
    }

    /// What to read of the log for a sync, in any order or all at once; `None` when there is nothing now. Each answer may bring more.
    pub fn next_read(&mut self, sync: SyncId, now: Timestamp) -> Option<Read> {
        self.revocations.next_read(sync, now)
    }

    /// Takes what a read brought, or why it has brought nothing.
    pub fn read(&mut self, read: &Read, answer: Result<LogPart<'_>, String>, now: Timestamp) {
        self.revocations.answered(read, answer, now);
    }

    /// The terms of the issuer with this name, if its tokens are accepted.
    pub fn terms_of(&self, issuer: &str) -> Option<&Arc<IssuerTerms>> {
        self.trust().issuers.terms(issuer)
    }
}
