//! How what was revoked by mistake is lifted from a ledger: see [`lift`](quash_core::ledger::lift).

use futures_util::future::try_join_all;
use quash_core::{Revocation, RevocationId, ledger::ShardCount};
use quash_engine::{denylist_key, from_lines, ledger::Asked, to_lines};

use super::{LedgerClient, client::ROOT};
use crate::store::StoreError;

/// How often it is begun again because there are more shards.
const TRIES: usize = 3;

/// What came of it.
pub(crate) enum Lifted {
    /// Nothing is revoked under the id, nor was it.
    Unknown,
    /// There is more than was seen, and nothing has been lifted.
    Changed,
    /// It is lifted, now or since before: the row that says so.
    Done(Revocation),
}

impl LedgerClient {
    /// Lifts what there is under an id, and has a record of it in the audit log. It may be repeated, and has to be where it fails: it may
    /// have been done in part, which is seen as done or as not, here or there.
    pub(crate) async fn lift(&self, id: RevocationId, record: &str) -> Result<Lifted, StoreError> {
        for _ in 0..TRIES {
            if let Some(lifted) = self.try_lift(id, record).await.map_err(StoreError::write)? {
                return Ok(lifted);
            }
        }
        Err(StoreError::write("the ledger is moving"))
    }

    /// `None` if there are more shards than when it was begun.
    async fn try_lift(&self, id: RevocationId, record: &str) -> Result<Option<Lifted>, String> {
        self.forget_history();
        let history = self.raised().await?;
        let (count, in_force) = (history.current(), history.current().shard_of(&id));
        let found = try_join_all(history.shards_of(&id).map(async |shard| {
            let (lines, _) = self.post(self.question(Asked::Seal, shard, count, denylist_key(id))).await?;
            match from_lines(&lines) {
                (rows, None) => Ok(rows.first().map(|row| (shard, *row))),
                (_, Some(problem)) => Err(problem),
            }
        }));
        let found: Vec<(u8, Revocation)> = found.await?.into_iter().flatten().collect();
        let Some(seen) = found.iter().map(|(_, row)| *row).reduce(Revocation::merge) else {
            return Ok(Some(Lifted::Unknown));
        };
        let (_, pinned) = self.post(self.question(Asked::Pin, ROOT, count, String::new())).await?;
        if pinned.is_none_or(|pinned| pinned.current() != count) {
            return Ok(None);
        }
        let mut lifted = seen;
        if !seen.cover.covers_nothing() {
            lifted = self.lift_in(in_force, count, &seen, record).await?;
            if !lifted.cover.covers_nothing() {
                return Ok(Some(Lifted::Changed));
            }
        }
        // Wherever it may be that it was lifted in force before, and not here.
        let elsewhere = found.iter().filter(|(shard, row)| *shard != in_force && !row.cover.covers_nothing());
        try_join_all(elsewhere.map(|(shard, row)| self.lift_in(*shard, count, row, ""))).await?;
        Ok(Some(Lifted::Done(lifted)))
    }

    /// What there is then.
    async fn lift_in(
        &self,
        shard: u8,
        count: ShardCount,
        row: &Revocation,
        record: &str,
    ) -> Result<Revocation, String> {
        let body = format!("{}\n{}\t{record}\n", self.audit_days, to_lines([row]).trim_end());
        let (told, _) = self.post(self.question(Asked::Lift, shard, count, body)).await?;
        let (rows, problem) = from_lines(&told);
        rows.first().copied().ok_or_else(|| problem.unwrap_or_else(|| "the shard has nothing then".into()))
    }
}
