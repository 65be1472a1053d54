use std::time::Duration;

use quash_core::Timestamp;
use quash_engine::ledger::AUDITED_PER_MILLI;
use worker::{Result, SqlStorage, SqlStorageValue as Value};

use super::sql::{blob, columns, first_row, integer, keep, kept_numbers, number, text};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS audit (seq INTEGER PRIMARY KEY, record TEXT NOT NULL)";

/// Under which name it is kept for how many days records are.
const DAYS: &str = "audit_days";

/// The most records that are removed at once.
const MAX_REMOVED: i32 = 10_000;

/// What administrators did to a shard's rows: a record for each time, in the transaction that wrote the row. It is only ever added to, until a
/// record is as old as it may get. Followers are not told of it.
pub(super) struct Audit {
    sql: SqlStorage,
    head: u64,
    days: Option<u64>,
}

impl Audit {
    pub(super) fn open(sql: SqlStorage) -> Result<Self> {
        sql.exec(SCHEMA, None)?;
        let last = first_row(&sql.exec("SELECT seq FROM audit ORDER BY seq DESC LIMIT 1", None)?)?;
        let head = last.map_or(Ok(0), |[seq]| number(seq))?;
        let days = kept_numbers(&sql, DAYS)?.map(|[days]| days);
        Ok(Self { sql, head, days })
    }

    /// Takes note of for how long records are kept, those that are there as well.
    pub(super) fn keep_for(&mut self, days: u64) -> Result<()> {
        if self.days != Some(days) {
            keep(&self.sql, DAYS, blob(&[days]))?;
            self.days = Some(days);
        }
        Ok(())
    }

    pub(super) fn append(&mut self, record: &str, now: Timestamp) -> Result<()> {
        let seq = (self.head + 1).max(now.as_millis() * AUDITED_PER_MILLI);
        self.sql.exec("INSERT INTO audit VALUES (?, ?)", vec![integer(seq), record.into()])?;
        self.head = seq;
        Ok(())
    }

    /// The newest records with numbers from `since` on, below `below`: a number and a record on each line.
    pub(super) fn page(&self, since: u64, below: u64, limit: u64) -> Result<String> {
        let query = "SELECT seq, record FROM audit WHERE seq >= ? AND seq < ? ORDER BY seq DESC LIMIT ?";
        let cursor = self.sql.exec(query, vec![integer(since), integer(below), integer(limit)])?;
        let lines = cursor.raw().map(|values| {
            let [seq, record]: [Value; 2] = columns(values?)?;
            Ok(format!("{} {}\n", number(seq)?, text(record)?))
        });
        lines.collect()
    }

    /// Removes what is too old, as much as there is time for.
    pub(super) fn expire(&self, now: Timestamp) -> Result<()> {
        let Some(kept) = self.kept_for() else { return Ok(()) };
        let oldest = now.as_millis().saturating_sub(kept.as_millis() as u64) * AUDITED_PER_MILLI;
        let old = "SELECT seq FROM audit WHERE seq < ? ORDER BY seq LIMIT ?";
        let values = vec![integer(oldest), MAX_REMOVED.into()];
        self.sql.exec(&format!("DELETE FROM audit WHERE seq IN ({old})"), values).map(drop)
    }

    /// When the next record is too old.
    pub(super) fn next_expiry(&self) -> Result<Option<Timestamp>> {
        let Some(kept) = self.kept_for() else { return Ok(None) };
        let first = first_row(&self.sql.exec("SELECT seq FROM audit ORDER BY seq LIMIT 1", None)?)?;
        let made_at = |seq| Timestamp::from_millis(seq / AUDITED_PER_MILLI + 1);
        first.map(|[seq]| number(seq).map(|seq| made_at(seq).plus(kept))).transpose()
    }

    fn kept_for(&self) -> Option<Duration> {
        self.days.map(|days| Duration::from_secs(days * 24 * 60 * 60))
    }
}
