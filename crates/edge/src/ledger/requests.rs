use quash_core::Timestamp;
use quash_engine::ledger::ANOTHER;
use worker::{Result, SqlStorage};

use super::sql::{columns, first_row, integer, number, text};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS requests (
    id TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, asked_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, answer TEXT NOT NULL
)";

/// The most that are forgotten at once.
const MAX_REMOVED: i32 = 1000;

/// Requests that may be repeated: when each came first, and what it was answered. Nothing is awaited in here, so that of two that come at once
/// one is the first.
pub(super) struct Requests(SqlStorage);

impl Requests {
    pub(super) fn open(sql: SqlStorage) -> Result<Self> {
        sql.exec(SCHEMA, None)?;
        Ok(Self(sql))
    }

    /// Takes a request with its hashes and times on the first line, and behind that its answer, if it has one. Tells when the same came
    /// first, and the answer that was made to it first; or that its id is another one's.
    pub(super) fn remember(&self, told: &str, now: Timestamp) -> Result<String> {
        let (head, answer) = told.split_once('\n').ok_or("no request to remember")?;
        let fields: Vec<&str> = head.split(' ').collect();
        let [id, fingerprint, asked_at, expires_at] = fields[..] else { return Err("no request to remember".into()) };
        let [asked_at, expires_at] = [asked_at, expires_at].map(|millis| millis.parse::<u64>().map_err(|_| "no time"));
        let (asked_at, expires_at) = (asked_at?, expires_at?);
        let query = "SELECT fingerprint, asked_at, answer FROM requests WHERE id = ? AND expires_at > ?";
        let known = first_row(&self.0.exec(query, vec![id.into(), integer(now.as_millis())])?)?;
        let Some([known, first, answered]) = known else {
            let values = vec![id.into(), fingerprint.into(), integer(asked_at), integer(expires_at), answer.into()];
            self.0.exec("INSERT OR REPLACE INTO requests VALUES (?, ?, ?, ?, ?)", values)?;
            return Ok(format!("{asked_at}\n{answer}"));
        };
        let (first, answered) = (number(first)?, text(answered)?);
        if text(known)? != fingerprint {
            return Ok(ANOTHER.into());
        }
        if answered.is_empty() && !answer.is_empty() {
            self.0.exec("UPDATE requests SET answer = ? WHERE id = ?", vec![answer.into(), id.into()])?;
            return Ok(format!("{first}\n{answer}"));
        }
        Ok(format!("{first}\n{answered}"))
    }

    /// Forgets what is old, as much as there is time for. They were written in the order in which they expire, nearly.
    pub(super) fn expire(&self, now: Timestamp) -> Result<()> {
        let old =
            "SELECT rowid FROM (SELECT rowid, expires_at FROM requests ORDER BY rowid LIMIT ?) WHERE expires_at <= ?";
        let values = vec![MAX_REMOVED.into(), integer(now.as_millis())];
        self.0.exec(&format!("DELETE FROM requests WHERE rowid IN ({old})"), values).map(drop)
    }

    /// When the next one is old.
    pub(super) fn next_expiry(&self) -> Result<Option<Timestamp>> {
        let cursor = self.0.exec("SELECT expires_at, rowid FROM requests ORDER BY rowid LIMIT 1", None)?;
        let first = cursor.raw().next().transpose()?.map(columns::<2>).transpose()?;
        first.map(|[expires_at, _]| number(expires_at).map(Timestamp::from_millis)).transpose()
    }
}
