use std::collections::VecDeque;

use quash_core::{
    InvalidEntry, Revocation, RevocationId, Timestamp,
    ledger::{Append, Header, MAX_ROWS, Part, ShardCount, ShardHistory, Span, append},
};
use worker::{Result, SqlCursor, SqlStorage, SqlStorageValue as Value};

/// The most rows that are removed, or copied to Workers KV, at once: an alarm has 30 s of CPU, and KV takes 1000 operations.
const MAX_REMOVED: i32 = 10_000;
const MAX_COPIED: i32 = 100;

/// A row for each id; and by name what else has to be kept. Text, where an operator may look at it.
const SCHEMA: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS log (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, entry TEXT NOT NULL, expires_at INTEGER NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS expiry ON log (expires_at)",
    // What Workers KV has not taken yet: ids, and the binding of the namespace.
    "CREATE TABLE IF NOT EXISTS copies (id TEXT PRIMARY KEY, kv TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL)",
];

/// A shard's log in SQLite. Nothing here waits: the platform makes one transaction of what a request writes.
pub(super) struct Log {
    sql: SqlStorage,
    epoch: u64,
    head: u64,
    history: Option<ShardHistory>,
    /// What the head's answer is made of, which every data centre asks for each second.
    tail: VecDeque<(u64, Revocation)>,
    /// That answer, until something is appended.
    answer: Option<Vec<u8>>,
}

impl Log {
    pub(super) fn open(sql: SqlStorage) -> Result<Self> {
        for statement in SCHEMA {
            sql.exec(statement, None)?;
        }
        sql.exec("INSERT OR IGNORE INTO kept VALUES ('epoch', randomblob(8)), ('head', ?)", vec![blob(0)])?;
        let kept = |name: &str| -> Result<Option<Vec<u8>>> {
            let cursor = sql.exec("SELECT value FROM kept WHERE name = ?", vec![name.into()])?;
            first(&cursor)?.map(|[value]| bytes(value)).transpose()
        };
        let number = |name| -> Result<u64> {
            let value = kept(name)?.and_then(|value| value.try_into().ok()).ok_or("the ledger has lost a number")?;
            Ok(u64::from_be_bytes(value))
        };
        let (epoch, head) = (number("epoch")?, number("head")?);
        let history = match kept("history")? {
            None => None,
            Some(counts) => Some(ShardHistory::from_counts(&counts).ok_or("the ledger has lost its history")?),
        };
        let mut log = Self { sql, epoch, head, history, tail: VecDeque::new(), answer: None };
        log.tail = log.rows(Part::Head.span(head), usize::MAX)?.into();
        Ok(log)
    }

    /// Takes note of a count of shards, as the root does, and tells the history.
    pub(super) fn raise(&mut self, count: ShardCount) -> Result<ShardHistory> {
        let mut history = self.history.clone().unwrap_or_else(|| ShardHistory::new(count));
        if history.raise(count) || self.history.is_none() {
            let counts = history.as_slice().iter().map(|count| count.get()).collect();
            self.sql.exec("INSERT OR REPLACE INTO kept VALUES ('history', ?)", vec![Value::Blob(counts)])?;
            self.history = Some(history.clone());
            self.answer = None;
        }
        Ok(history)
    }

    pub(super) fn append(&mut self, revocation: Revocation) -> Result<()> {
        let Append::Write { seq, row } = append(self.find(revocation.id)?, revocation, self.head) else {
            return Ok(());
        };
        self.sql.exec(
            "INSERT OR REPLACE INTO log VALUES (?, ?, ?, ?)",
            vec![integer(seq), row.id.to_string().into(), row.to_entry().into(), integer(row.expires_at.as_millis())],
        )?;
        self.sql.exec("UPDATE kept SET value = ? WHERE name = 'head'", vec![blob(seq)])?;
        self.head = seq;
        self.answer = None;
        let from = Part::Head.span(seq).from;
        self.tail.retain(|(seq, earlier)| *seq > from && earlier.id != row.id);
        self.tail.push_back((seq, row));
        Ok(())
    }

    /// A part of the log, as a delta. `shard` is what its asker knows this log by; the root's tells the history.
    pub(super) fn part(&mut self, shard: u8, part: Part) -> Result<Vec<u8>> {
        let span = part.span(self.head);
        if span != Part::Head.span(self.head) {
            let mut rows = self.rows(span, MAX_ROWS + 1)?;
            let span = match rows.get(MAX_ROWS) {
                Some((seq, _)) => span.before(*seq),
                None => span,
            };
            rows.retain(|(seq, _)| span.contains(*seq));
            return Ok(self.delta(shard, span, rows.iter()));
        }
        if let Some(answer) = &self.answer {
            return Ok(answer.clone());
        }
        let answer = self.delta(shard, span, self.tail.iter());
        self.answer = Some(answer.clone());
        Ok(answer)
    }

    /// The row of an id, with its number.
    pub(super) fn find(&self, id: RevocationId) -> Result<Option<(u64, Revocation)>> {
        let cursor = self.sql.exec("SELECT seq, id, entry FROM log WHERE id = ?", vec![id.to_string().into()])?;
        first(&cursor)?.map(row).transpose()
    }

    /// Notes that Workers KV has still to get these entries, in the namespace that is bound as `kv`.
    pub(super) fn owe(&self, id: RevocationId, kv: &str) -> Result<()> {
        let values = vec![id.to_string().into(), kv.into()];
        self.sql.exec("INSERT OR REPLACE INTO copies VALUES (?, ?)", values).map(drop)
    }

    /// Some of what Workers KV has still to get, each with the namespace's binding.
    pub(super) fn owed(&self) -> Result<Vec<(String, Revocation)>> {
        let query = "SELECT seq, id, entry, kv FROM log JOIN copies USING (id) LIMIT ?";
        let cursor = self.sql.exec(query, vec![MAX_COPIED.into()])?;
        cursor
            .raw()
            .map(|values| {
                let [seq, id, entry, kv] = columns(values?)?;
                Ok((text(kv)?, row([seq, id, entry])?.1))
            })
            .collect()
    }

    /// Notes that Workers KV has it.
    pub(super) fn copied(&self, id: RevocationId) -> Result<()> {
        self.sql.exec("DELETE FROM copies WHERE id = ?", vec![id.to_string().into()]).map(drop)
    }

    /// Removes what has expired, as much as there is time for.
    pub(super) fn expire(&mut self, now: Timestamp) -> Result<()> {
        self.tail.retain(|(_, row)| row.expires_at > now);
        self.answer = None;
        let expired = "SELECT seq FROM log WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
        let values = vec![integer(now.as_millis()), MAX_REMOVED.into()];
        self.sql.exec(&format!("DELETE FROM log WHERE seq IN ({expired})"), values)?;
        self.sql.exec("DELETE FROM copies WHERE id NOT IN (SELECT id FROM log)", None).map(drop)
    }

    /// When the next row expires.
    pub(super) fn next_expiry(&self) -> Result<Option<Timestamp>> {
        let cursor = self.sql.exec("SELECT expires_at FROM log ORDER BY expires_at LIMIT 1", None)?;
        first(&cursor)?.map(|[value]| number(value).map(Timestamp::from_millis)).transpose()
    }

    fn rows(&self, span: Span, limit: usize) -> Result<Vec<(u64, Revocation)>> {
        let query = "SELECT seq, id, entry FROM log WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?";
        let limit = i64::try_from(limit).unwrap_or(-1);
        let cursor = self.sql.exec(query, vec![integer(span.from), integer(span.to), limit.into()])?;
        cursor.raw().map(|values| row(columns(values?)?)).collect()
    }

    fn delta<'r>(&self, shard: u8, span: Span, rows: impl Iterator<Item = &'r (u64, Revocation)>) -> Vec<u8> {
        let history = self.history.clone().filter(|_| shard == 0);
        Header { shard, epoch: self.epoch, span, head: self.head, history }.write(rows.map(|(_, row)| row))
    }
}

fn row([seq, id, entry]: [Value; 3]) -> Result<(u64, Revocation)> {
    let id = text(id)?.parse().map_err(|_| InvalidEntry.to_string())?;
    let revocation = Revocation::from_entry(id, &text(entry)?).map_err(|error| error.to_string())?;
    Ok((number(seq)?, revocation))
}

fn first<const N: usize>(cursor: &SqlCursor) -> Result<Option<[Value; N]>> {
    cursor.raw().next().map(|values| columns(values?)).transpose()
}

fn columns<const N: usize>(values: Vec<Value>) -> Result<[Value; N]> {
    values.try_into().map_err(|_| "a row of another shape".into())
}

/// Numbers of a log are far from 2⁵³.
fn integer(number: u64) -> Value {
    Value::Integer(number as i64)
}

fn blob(number: u64) -> Value {
    Value::Blob(number.to_be_bytes().into())
}

fn number(value: Value) -> Result<u64> {
    match value {
        Value::Integer(number) => Ok(number as u64),
        Value::Float(number) => Ok(number as u64),
        _ => Err("is no number".into()),
    }
}

fn text(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("is no text".into()),
    }
}

fn bytes(value: Value) -> Result<Vec<u8>> {
    match value {
        Value::Blob(bytes) => Ok(bytes),
        _ => Err("is no blob".into()),
    }
}
