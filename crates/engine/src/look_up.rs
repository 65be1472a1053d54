use std::sync::Arc;

use quash_core::{
    RevocationId, Timestamp, TokenIds,
    follower::{Doubt, Source},
    ledger::{ShardCount, ShardHistory},
};

use crate::{
    denylist::denylist_key,
    ledger::{Asked, shard_name},
    policy::{Outage, Policy},
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
    /// Whether what is known here counts for nothing: see [`by_store_alone`](Self::by_store_alone).
    by_store_alone: bool,
}

#[derive(Debug)]
enum Place {
    Kv,
    Ledger {
        count: ShardCount,
        history: ShardHistory,
    },
    /// Shards that may have something under ids of which only they know what, for a request that arrived then.
    Doubts {
        count: ShardCount,
        doubts: Vec<Doubt>,
        arrived: Timestamp,
    },
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
        Self { ids: ids.clone(), policy: policy.clone(), place: Place::Kv, source, in_outages, by_store_alone: false }
    }

    pub(crate) fn in_ledger(
        ids: &Arc<TokenIds>,
        policy: &Arc<Policy>,
        count: ShardCount,
        history: ShardHistory,
    ) -> Self {
        Self { place: Place::Ledger { count, history }, ..Self::in_kv(ids, policy, Source::Fresh) }
    }

    /// It may not pass before this is known, and then by what has been learned.
    pub(crate) fn of_doubts(
        ids: &Arc<TokenIds>,
        policy: &Arc<Policy>,
        count: ShardCount,
        doubts: Vec<Doubt>,
        arrived: Timestamp,
    ) -> Self {
        let place = Place::Doubts { count, doubts, arrived };
        Self { place, in_outages: None, ..Self::in_kv(ids, policy, Source::Fresh) }
    }

    /// It may pass already for this, unless something is found.
    #[must_use]
    pub(crate) fn or(self, source: Source) -> Self {
        Self { in_outages: Some(source), ..self }
    }

    /// Goes by what is found alone. What was to be revoked here, and could not be written, is refused here already; who comes once more
    /// to have it revoked must not be told that it is.
    #[must_use]
    pub(crate) fn by_store_alone(self, by_store_alone: bool) -> Self {
        Self { by_store_alone, ..self }
    }

    /// Whether it goes by what is found alone: then nothing nearer than the store may be asked.
    pub const fn is_by_store_alone(&self) -> bool {
        self.by_store_alone
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
            Place::Ledger { history, .. } => Some(history),
            Place::Kv | Place::Doubts { .. } => None,
        }
    }

    /// What was in doubt.
    pub(crate) fn doubts(&self) -> &[Doubt] {
        match &self.place {
            Place::Doubts { doubts, .. } => doubts,
            Place::Kv | Place::Ledger { .. } => &[],
        }
    }

    /// When the request arrived, if it has to be judged again.
    pub(crate) const fn arrived(&self) -> Option<Timestamp> {
        match &self.place {
            Place::Doubts { arrived, .. } => Some(*arrived),
            Place::Kv | Place::Ledger { .. } => None,
        }
    }

    /// What to look up: in the ledger, if there is something to [ask](Self::in_shards) it, else in Workers KV.
    pub fn ids(&self) -> impl Iterator<Item = RevocationId> {
        self.ids.iter()
    }

    /// What to ask the ledger, all at once, if it is to be looked up there. The root's answer has the history of shards in its
    /// header; it is the first, if the root is asked.
    pub fn in_shards(&self) -> Option<Vec<Question>> {
        let (count, asked) = match &self.place {
            Place::Kv => return None,
            Place::Ledger { count, history } => (count, by_shard(&self.ids, history)),
            Place::Doubts { count, doubts, .. } => {
                let mut shards = vec![];
                doubts.iter().for_each(|doubt| add(&mut shards, doubt.shard, doubt.id));
                (count, shards)
            }
        };
        let question = |(shard, ids): (u8, Vec<RevocationId>)| Question {
            object: shard_name(shard),
            url: Asked::LookUp.url(shard, *count),
            body: ids.into_iter().map(|id| denylist_key(id) + "\n").collect(),
        };
        Some(asked.into_iter().map(question).collect())
    }
}

/// Which shards are asked for which ids.
fn by_shard(ids: &TokenIds, history: &ShardHistory) -> Vec<(u8, Vec<RevocationId>)> {
    // The root in any case: it says whether there is a new count.
    let mut shards = vec![(0, Vec::new())];
    for id in ids.iter() {
        history.shards_of(&id).for_each(|shard| add(&mut shards, shard, id));
    }
    shards
}

fn add(shards: &mut Vec<(u8, Vec<RevocationId>)>, shard: u8, id: RevocationId) {
    match shards.iter_mut().find(|(known, _)| *known == shard) {
        Some((_, ids)) => ids.push(id),
        None => shards.push((shard, vec![id])),
    }
}
