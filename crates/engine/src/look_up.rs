use std::sync::Arc;

use quash_core::{
    RevocationId, TokenIds,
    follower::Source,
    ledger::{ShardCount, ShardHistory},
};

use crate::{
    denylist::denylist_key,
    ledger::{Asked, shard_name},
    policy::{Outage, Policy},
    revocations::by_shard,
};

/// A request whose token is looked up, in Workers KV or in the ledger.
#[derive(Debug)]
pub struct LookUp {
    pub(crate) ids: Arc<TokenIds>,
    pub(crate) policy: Arc<Policy>,
    place: Place,
    /// What it rests on that it may pass, should nothing be found.
    source: Source,
    /// And should nothing be heard. `None`: then it may not.
    in_outages: Option<Source>,
}

#[derive(Debug)]
enum Place {
    Kv,
    Ledger { count: ShardCount, history: ShardHistory },
}

/// What a shard of the ledger is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name of its Durable Object.
    pub object: String,
    /// Where it answers. It is sent a `POST`.
    pub url: String,
    /// With this.
    pub body: String,
}

impl LookUp {
    pub(crate) fn in_kv(ids: &Arc<TokenIds>, policy: &Arc<Policy>, source: Source) -> Self {
        let in_outages = (policy.in_outages() == Outage::DangerOpen).then_some(Source::None);
        Self { ids: ids.clone(), policy: policy.clone(), place: Place::Kv, source, in_outages }
    }

    pub(crate) fn in_ledger(
        ids: &Arc<TokenIds>,
        policy: &Arc<Policy>,
        count: ShardCount,
        history: ShardHistory,
    ) -> Self {
        Self { place: Place::Ledger { count, history }, ..Self::in_kv(ids, policy, Source::Fresh) }
    }

    /// It may pass already for this, unless something is found.
    #[must_use]
    pub(crate) fn or(self, source: Source) -> Self {
        Self { in_outages: Some(source), ..self }
    }

    pub(crate) const fn source(&self) -> Source {
        self.source
    }

    pub(crate) const fn in_outages(&self) -> Option<Source> {
        self.in_outages
    }

    /// The history of shards by which the ledger is asked.
    pub(crate) const fn history(&self) -> Option<&ShardHistory> {
        match &self.place {
            Place::Kv => None,
            Place::Ledger { history, .. } => Some(history),
        }
    }

    /// What to look up: in the ledger, if there is something to [ask](Self::in_shards) it, else in Workers KV.
    pub fn ids(&self) -> impl Iterator<Item = RevocationId> {
        self.ids.iter()
    }

    /// What to ask the ledger, all at once, if it is to be looked up there. The root's answer, which is the first, has the history
    /// of shards in its header.
    pub fn in_shards(&self) -> Option<Vec<Question>> {
        let Place::Ledger { count, history } = &self.place else { return None };
        let question = |(shard, ids): (u8, Vec<RevocationId>)| Question {
            object: shard_name(shard),
            url: Asked::LookUp.url(shard, *count),
            body: ids.into_iter().map(|id| denylist_key(id) + "\n").collect(),
        };
        Some(by_shard(&self.ids, history).into_iter().map(question).collect())
    }
}
