use std::{cell::RefCell, collections::BTreeMap};

use futures_util::future::try_join_all;
use quash_core::{
    Revocation, RevocationId,
    ledger::{ShardCount, ShardHistory},
};
use quash_engine::{
    STORE_TIMEOUT, denylist_key, from_lines,
    ledger::{Action, COUNTS, read_counts, shard_name},
    to_lines,
};
use worker::{Method, ObjectNamespace, Request, RequestInit};

use crate::{
    store::{Lookup, StoreError},
    within::within,
};

/// The root keeps the history of counts.
const ROOT: u8 = 0;

/// The ledger as a Worker has it: a namespace of Durable Objects, one for each shard.
pub(crate) struct LedgerClient {
    objects: ObjectNamespace,
    count: ShardCount,
    /// As the root last told it.
    history: RefCell<Option<ShardHistory>>,
}

impl LedgerClient {
    /// `count` is how many shards the configuration wants; there may be more by now.
    pub(crate) const fn new(objects: ObjectNamespace, count: ShardCount) -> Self {
        Self { objects, count, history: RefCell::new(None) }
    }

    /// Appends revocations, and comes back when all are durable. It may be repeated.
    pub(crate) async fn append(&self, revocations: &[Revocation]) -> Result<(), StoreError> {
        let count = self.history().await.map_err(StoreError::write)?.current();
        let shards = by_shard(revocations.iter().map(|revocation| (count.shard_of(&revocation.id), revocation)));
        let appends = shards.into_iter().map(|(shard, rows)| self.ask(shard, Action::Append, to_lines(rows)));
        try_join_all(appends).await.map(drop).map_err(StoreError::write)
    }

    /// Has Workers KV be given what it has not taken, by and by. `kv` is the namespace's binding.
    pub(crate) async fn copy_later(&self, kv: &str, revocations: &[Revocation]) -> Result<(), StoreError> {
        let count = self.history().await.map_err(StoreError::write)?.current();
        let shards = by_shard(revocations.iter().map(|revocation| (count.shard_of(&revocation.id), revocation.id)));
        let copies =
            shards.into_iter().map(|(shard, ids)| self.ask(shard, Action::Copy, format!("{kv}\n{}", keys(&ids))));
        try_join_all(copies).await.map(drop).map_err(StoreError::write)
    }

    /// Every entry under these ids, as of now. Each shard is asked that any count has put them in, and the root in any case: it
    /// says whether there is a new count.
    pub(crate) async fn look_up(&self, ids: &[RevocationId]) -> Lookup {
        match self.try_look_up(ids).await {
            Ok(found) => found,
            Err(cause) => Lookup { entries: Vec::new(), outage: Some(StoreError::read(cause)) },
        }
    }

    async fn try_look_up(&self, ids: &[RevocationId]) -> Result<Lookup, String> {
        loop {
            let history = self.history().await?;
            let asked = ids.iter().flat_map(|id| history.shards_of(id).map(|shard| (shard, *id)).collect::<Vec<_>>());
            let mut shards = by_shard(asked);
            shards.entry(ROOT).or_default();
            let answers = shards.iter().map(|(shard, ids)| self.ask(*shard, Action::LookUp, keys(ids)));
            let answers = try_join_all(answers).await?;
            if *self.history.borrow() != Some(history) {
                continue;
            }
            let mut found = Lookup::default();
            for answer in answers {
                let (entries, unreadable) = from_lines(&answer);
                found.entries.extend(entries);
                found.outage = found.outage.or(unreadable.map(StoreError::read));
            }
            return Ok(found);
        }
    }

    async fn history(&self) -> Result<ShardHistory, String> {
        if self.history.borrow().is_none() {
            self.ask(ROOT, Action::LookUp, String::new()).await?;
        }
        self.history.borrow().clone().ok_or_else(|| "the root tells no history".into())
    }

    async fn ask(&self, shard: u8, action: Action, body: String) -> Result<String, String> {
        let answer = async {
            let text = |error: worker::Error| error.to_string();
            let mut init = RequestInit::new();
            init.with_method(Method::Post).with_body(Some(body.into()));
            let request = Request::new_with_init(&action.url(shard, self.count), &init).map_err(text)?;
            let stub = self.objects.get_by_name(&shard_name(shard)).map_err(text)?;
            let mut answer = stub.fetch_with_request(request).await.map_err(text)?;
            let body = answer.text().await.map_err(text)?;
            if answer.status_code() != 200 {
                return Err(format!("answers {}: {body}", answer.status_code()));
            }
            if shard == ROOT {
                let counts = answer.headers().get(COUNTS).map_err(text)?.unwrap_or_default();
                *self.history.borrow_mut() = Some(read_counts(&counts).ok_or("the root tells no history")?);
            }
            Ok(body)
        };
        let late = || Err(format!("no answer in {} s", STORE_TIMEOUT.as_secs()));
        within(STORE_TIMEOUT, answer).await.unwrap_or_else(late).map_err(|error| format!("shard {shard}: {error}"))
    }
}

fn by_shard<T>(asked: impl Iterator<Item = (u8, T)>) -> BTreeMap<u8, Vec<T>> {
    let mut shards = BTreeMap::<u8, Vec<T>>::new();
    for (shard, item) in asked {
        shards.entry(shard).or_default().push(item);
    }
    shards
}

fn keys(ids: &[RevocationId]) -> String {
    ids.iter().map(|id| format!("{}\n", denylist_key(*id))).collect()
}
