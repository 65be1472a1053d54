use std::{collections::VecDeque, time::Duration};

use quash_core::{
    InvalidEntry, Revocation, RevocationId, Timestamp,
    ledger::{Append, Header, MAX_ROWS, Part, ShardCount, ShardHistory, Span, append, lift},
};
use quash_engine::to_lines;
use worker::{Result, SqlStorage, SqlStorageValue as Value};

use super::{
    audit::Audit,
    edition::Editions,
    requests::Requests,
    sql::{KEPT, blob, bytes, columns, first_row, integer, keep, kept, kept_numbers, number, text},
    status_marks::StatusMarks,
};

/// How long Workers KV is given time to take what was appended, from whoever did that, before the shard looks whether it has it: more
/// than a read and a write may take. And until it is tried again with what it has not taken.
pub(super) const COPY_AFTER: Duration = Duration::from_secs(10);

/// How much longer a row is kept that has been lifted: whoever's clock is behind may still go by it, and must hear that what comes then is
/// new.
const LIFTED_FOR: Duration = Duration::from_secs(10 * 60);

/// The most rows that are removed at once: an alarm has 30 s of CPU.
const MAX_REMOVED: i32 = 10_000;

/// The most rows that are copied to Workers KV at once, which takes 1000 operations of an alarm: two for each, and 100 to look
/// what it has.
const MAX_COPIED: i32 = 400;

/// The most rows that are looked for in Workers KV at once: as many as one of its bulk reads takes.
const MAX_LOOKED_FOR: usize = 100;

/// By name what is kept of a ledger from which something has been lifted.
const PINNED: &str = "pinned";
const SEALED: &str = "sealed";

/// The most rows that are looked at for a page of a list: SQLite goes through them in a few milliseconds.
const MAX_LISTED: u64 = 10_000;

/// A row for each id. Text, where an operator may look at it.
const SCHEMA: [&str; 4] = [
    "CREATE TABLE IF NOT EXISTS log (
        seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, entry TEXT NOT NULL, expires_at INTEGER NOT NULL
    )",
    "CREATE INDEX IF NOT EXISTS expiry ON log (expires_at)",
    // What Workers KV turned out not to have, the next one first: the row as it was then, and the binding of the namespace.
    "CREATE TABLE IF NOT EXISTS copies (id TEXT PRIMARY KEY, seq INTEGER NOT NULL, kv TEXT NOT NULL)",
    KEPT,
];

/// What Workers KV has still to get.
pub(super) struct Owed {
    seq: u64,
    pub(super) id: RevocationId,
    pub(super) kv: String,
}

/// Rows of which nobody has seen yet whether Workers KV has them.
pub(super) struct Unseen {
    pub(super) rows: Vec<Revocation>,
    pub(super) kv: String,
    /// They are all that there are up to this number.
    to: u64,
}

/// A shard's log in SQLite. Nothing here waits: the platform makes one transaction of what a request writes.
pub(super) struct Log {
    sql: SqlStorage,
    epoch: u64,
    head: u64,
    /// Workers KV was seen to have the rows up to this number, but for those in `copies`.
    seen: u64,
    /// The binding of its namespace.
    kv: Option<String>,
    /// How many shards the last one knew of who looked here for what he was to lift.
    sealed: u64,
    /// When it began.
    since: Timestamp,
    history: Option<ShardHistory>,
    editions: Editions,
    pub(super) audit: Audit,
    pub(super) requests: Requests,
    /// Of a status list, where this is the object of one.
    pub(super) marks: StatusMarks,
    /// What the head's answer is made of, which every data centre asks for each second.
    tail: VecDeque<(u64, Revocation)>,
    /// That answer, until something is appended.
    answer: Option<Vec<u8>>,
}

impl Log {
    pub(super) fn open(sql: SqlStorage, now: Timestamp) -> Result<Self> {
        for statement in SCHEMA {
            sql.exec(statement, None)?;
        }
        let is_new = kept(&sql, "epoch")?.is_none();
        let first = "INSERT OR IGNORE INTO kept VALUES \
            ('epoch', randomblob(8)), ('head', ?), ('seen', ?), ('since', ?)";
        sql.exec(first, vec![blob(&[0]), blob(&[0]), blob(&[now.as_millis()])])?;
        let number = |name| -> Result<u64> {
            let [number] = kept_numbers(&sql, name)?.ok_or("the ledger has lost a number")?;
            Ok(number)
        };
        let (epoch, head, seen) = (number("epoch")?, number("head")?, number("seen")?);
        let since = Timestamp::from_millis(number("since")?);
        let is_pinned = kept(&sql, PINNED)?.is_some();
        let history = match kept(&sql, "history")?.map(bytes).transpose()? {
            None => None,
            Some(counts) => {
                let history = ShardHistory::from_counts(&counts).ok_or("the ledger has lost its history")?;
                Some(if is_pinned { history.pinned() } else { history })
            }
        };
        let sealed = kept_numbers(&sql, SEALED)?.map_or(0, |[sealed]| sealed);
        let kv = kept(&sql, "kv")?.map(text).transpose()?;
        let editions = Editions::open(sql.clone(), is_new)?;
        let (audit, requests) = (Audit::open(sql.clone())?, Requests::open(sql.clone())?);
        let marks = StatusMarks::open(sql.clone())?;
        let tail = VecDeque::new();
        let answer = None;
        let mut log =
            Self { sql, epoch, head, seen, kv, sealed, since, history, editions, audit, requests, marks, tail, answer };
        log.tail = log.rows(Part::Head.span(head), usize::MAX)?.into();
        Ok(log)
    }

    /// How many shards there are and were, as the root keeps it. One that has never been written to says what its asker does.
    pub(super) fn history(&self, count: ShardCount) -> ShardHistory {
        self.history.clone().unwrap_or_else(|| ShardHistory::new(count)).begun(self.since)
    }

    /// Takes note of a count of shards, as the root does.
    pub(super) fn raise(&mut self, count: ShardCount) -> Result<()> {
        let mut history = self.history(count);
        if history.raise(count) || self.history.is_none() {
            let counts = history.as_slice().iter().map(|count| count.get()).collect();
            keep(&self.sql, "history", Value::Blob(counts))?;
            self.history = Some(history);
            self.answer = None;
        }
        Ok(())
    }

    /// Has there be no more shards from now on, as the root does.
    pub(super) fn pin(&mut self, count: ShardCount) -> Result<()> {
        self.raise(count)?;
        if let Some(history) = self.history.take_if(|history| !history.is_pinned()) {
            keep(&self.sql, PINNED, blob(&[]))?;
            self.history = Some(history.pinned());
            self.answer = None;
        }
        Ok(())
    }

    /// Takes appends of nobody any more who has heard of fewer shards.
    pub(super) fn seal(&mut self, count: ShardCount) -> Result<()> {
        let count = count.get().into();
        if count > self.sealed {
            keep(&self.sql, SEALED, blob(&[count]))?;
            self.sealed = count;
        }
        Ok(())
    }

    /// Whether it takes appends of somebody who has heard of so many.
    pub(super) fn is_in_force(&self, count: ShardCount) -> bool {
        u64::from(count.get()) >= self.sealed
    }

    /// Adds a revocation, and tells what its row says then, if that was lifted before.
    pub(super) fn append(&mut self, revocation: Revocation) -> Result<Option<Revocation>> {
        let known = self.find(revocation.id)?;
        let done = append(known, revocation, self.head);
        self.put(done)?;
        let row = match done {
            Append::Write { row, .. } => Some(row),
            Append::Known(_) => known.map(|(_, row)| row),
        };
        // Whoever appends gives Workers KV what he has appended, and may write it over what that has of this row and does not show him yet.
        let is_less = |row: &Revocation| (row.cover, row.expires_at) != (revocation.cover, revocation.expires_at);
        if let (Append::Known(_), Some(kv)) = (done, &self.kv)
            && row.is_some_and(|row| is_less(&row))
        {
            self.owe(revocation.id, kv)?;
        }
        Ok(row.filter(|row| row.cover.lifts() > 0))
    }

    /// Lifts what was seen, and tells whether it had not been before. `false` as well where there is more: see what is there then.
    pub(super) fn lift(&mut self, seen: &Revocation, now: Timestamp) -> Result<bool> {
        let Some(done) = lift(self.find(seen.id)?, seen, now, self.head) else { return Ok(false) };
        self.put(done)?;
        Ok(matches!(done, Append::Write { .. }))
    }

    fn put(&mut self, done: Append) -> Result<()> {
        let Append::Write { seq, row } = done else { return Ok(()) };
        // First, so that no row can ever lie above it.
        keep(&self.sql, "head", blob(&[seq]))?;
        self.sql.exec(
            "INSERT OR REPLACE INTO log VALUES (?, ?, ?, ?)",
            vec![integer(seq), row.id.to_string().into(), row.to_entry().into(), integer(kept_until(&row).as_millis())],
        )?;
        self.head = seq;
        self.answer = None;
        let from = Part::Head.span(seq).from;
        self.tail.retain(|(seq, earlier)| *seq > from && earlier.id != row.id);
        self.tail.push_back((seq, row));
        Ok(())
    }

    /// A part of the log, as a delta. `shard` is what its asker knows this log by; the root's tells the history.
    pub(super) fn part(&mut self, shard: u8, part: Part, count: ShardCount) -> Result<Vec<u8>> {
        let history = (shard == 0).then(|| self.history(count));
        let span = part.span(self.head);
        if span != Part::Head.span(self.head) {
            let mut rows = self.rows(span, MAX_ROWS + 1)?;
            let span = match rows.get(MAX_ROWS) {
                Some((seq, _)) => span.before(*seq),
                None => span,
            };
            rows.retain(|(seq, _)| span.contains(*seq));
            return Ok(self.delta(shard, span, history, rows.iter()));
        }
        if let Some(answer) = &self.answer {
            return Ok(answer.clone());
        }
        let is_written = self.history.is_some() || shard != 0;
        let answer = self.delta(shard, span, history, self.tail.iter());
        self.answer = Some(answer.clone()).filter(|_| is_written);
        Ok(answer)
    }

    /// A segment, if there is such a one.
    pub(super) fn segment(&self, seq: u64, slice: u8) -> Result<Option<Vec<u8>>> {
        if seq > self.head { Ok(None) } else { self.editions.segment(seq, slice) }
    }

    /// Takes note of how many rows of all shards followers are to know exactly.
    pub(super) fn limit(&mut self, shard: u8, exact: u32, count: ShardCount) -> Result<()> {
        let count = self.history(count).current().get();
        self.editions.limit(shard, (exact / u32::from(count)).into())
    }

    /// Whether segments are to be built.
    pub(super) fn is_to_build(&self) -> bool {
        self.editions.is_due(self.head)
    }

    /// Goes on building segments, if they are to be.
    pub(super) fn build(&mut self) -> Result<()> {
        self.answer = None;
        self.editions.build(self.epoch, self.head)
    }

    /// The row of an id, with its number.
    pub(super) fn find(&self, id: RevocationId) -> Result<Option<(u64, Revocation)>> {
        let cursor = self.sql.exec("SELECT seq, id, entry FROM log WHERE id = ?", vec![id.to_string().into()])?;
        first_row(&cursor)?.map(row).transpose()
    }

    /// Takes note of the namespace of Workers KV that is to have every row, by its binding. Of another one it is not known what it
    /// has.
    pub(super) fn copy_to(&mut self, kv: &str) -> Result<()> {
        if self.kv.as_deref() != Some(kv) {
            keep(&self.sql, "kv", kv.into())?;
            self.kv = Some(kv.into());
            self.have_seen(0)?;
        }
        Ok(())
    }

    /// The next rows of which is still to be seen whether Workers KV has them. Not of those that came just now: whoever appended one is
    /// writing it, and a miss would be cached.
    pub(super) fn unseen(&self, now: Timestamp) -> Result<Option<Unseen>> {
        let Some(kv) = self.kv.clone().filter(|_| self.seen < self.head) else { return Ok(None) };
        let mut rows = self.rows(Span { from: self.seen, to: self.head }, MAX_LOOKED_FOR)?;
        let mut to = rows.get(MAX_LOOKED_FOR - 1).map_or(self.head, |(seq, _)| *seq);
        // By whatever clock: one that is far ahead says nothing.
        let is_new = |at: Timestamp| now.since(at) < COPY_AFTER && at.since(now) < COPY_AFTER;
        if let Some(new) = rows.iter().position(|(_, row)| is_new(row.revoked_at)) {
            rows.truncate(new);
            let Some((seq, _)) = rows.last() else { return Ok(None) };
            to = *seq;
        }
        Ok(Some(Unseen { rows: rows.into_iter().map(|(_, row)| row).collect(), kv, to }))
    }

    /// Notes that Workers KV has these rows, but for some that it has still to get.
    pub(super) fn saw(&mut self, unseen: &Unseen, missing: &[Revocation]) -> Result<()> {
        if self.kv.as_deref() != Some(&unseen.kv) {
            // It is another namespace that counts by now.
            return Ok(());
        }
        missing.iter().try_for_each(|revocation| self.owe(revocation.id, &unseen.kv))?;
        self.have_seen(unseen.to)
    }

    fn have_seen(&mut self, seen: u64) -> Result<()> {
        keep(&self.sql, "seen", blob(&[seen]))?;
        self.seen = seen;
        Ok(())
    }

    /// Notes that Workers KV has still to get an entry, in the namespace that is bound as `kv`, after all others.
    pub(super) fn owe(&self, id: RevocationId, kv: &str) -> Result<()> {
        let copy = "INSERT OR REPLACE INTO copies SELECT id, seq, ? FROM log WHERE id = ?";
        self.sql.exec(copy, vec![kv.into(), id.to_string().into()]).map(drop)
    }

    /// Whether Workers KV may have still to get something.
    pub(super) fn owes(&self) -> Result<bool> {
        let is_unseen = self.kv.is_some() && self.seen < self.head;
        Ok(is_unseen || self.sql.exec("SELECT 1 FROM copies LIMIT 1", None)?.raw().next().is_some())
    }

    /// Some of what Workers KV has still to get, each with its number and the namespace's binding.
    pub(super) fn owed(&self) -> Result<Vec<Owed>> {
        // The few first: SQLite would rather go through the log.
        let query = "SELECT log.seq, log.id, kv FROM copies CROSS JOIN log USING (id) ORDER BY copies.rowid LIMIT ?";
        let cursor = self.sql.exec(query, vec![MAX_COPIED.into()])?;
        let owed = cursor.raw().map(|values| {
            let [seq, id, kv] = columns(values?)?;
            let id = text(id)?.parse().map_err(|_| "the ledger has lost an id")?;
            Ok(Owed { seq: number(seq)?, id, kv: text(kv)? })
        });
        owed.collect()
    }

    /// Notes that Workers KV has it, unless it has changed since and that is still to be copied.
    pub(super) fn copied(&self, owed: &Owed) -> Result<()> {
        let values = vec![owed.id.to_string().into(), integer(owed.seq)];
        self.sql.exec("DELETE FROM copies WHERE id = ? AND seq <= ?", values).map(drop)
    }

    /// Removes what has expired, as much as there is time for.
    pub(super) fn expire(&mut self, now: Timestamp) -> Result<()> {
        self.tail.retain(|(_, row)| kept_until(row) > now);
        self.answer = None;
        let expired = "SELECT seq FROM log WHERE expires_at <= ? ORDER BY expires_at LIMIT ?";
        let values = vec![integer(now.as_millis()), MAX_REMOVED.into()];
        self.sql.exec(&format!("DELETE FROM log WHERE seq IN ({expired})"), values)?;
        if let Some([removed]) = first_row(&self.sql.exec("SELECT changes()", None)?)? {
            self.editions.removed(number(removed)?)?;
        }
        self.sql.exec("DELETE FROM copies WHERE id NOT IN (SELECT id FROM log)", None)?;
        self.audit.expire(now)?;
        self.marks.expire(now)?;
        self.requests.expire(now)
    }

    /// When the next row expires, or whatever else is kept beside them.
    pub(super) fn next_expiry(&self) -> Result<Option<Timestamp>> {
        let cursor = self.sql.exec("SELECT expires_at FROM log ORDER BY expires_at LIMIT 1", None)?;
        let row = first_row(&cursor)?.map(|[value]| number(value).map(Timestamp::from_millis)).transpose()?;
        let beside = [self.audit.next_expiry()?, self.requests.next_expiry()?, self.marks.next_expiry()?];
        Ok(row.into_iter().chain(beside.into_iter().flatten()).min())
    }

    /// A page of the rows that are in force at `now`, behind the number `after`: those whose ids end with one of the digits, and that have the
    /// reason, where any is named. On the first line is where it goes on, if it does; then an entry on each.
    pub(super) fn list(&self, after: u64, limit: u64, now: Timestamp, digits: &str, reason: &str) -> Result<String> {
        let last = "SELECT seq FROM log WHERE seq > ? ORDER BY seq LIMIT 1 OFFSET ?";
        let last = first_row(&self.sql.exec(last, vec![integer(after), integer(MAX_LISTED - 1)])?)?;
        let last = last.map(|[seq]| number(seq)).transpose()?;
        // By number, and not by the index of what expires.
        let query = "SELECT seq, id, entry FROM log WHERE seq > ?1 AND seq <= ?2 AND +expires_at > ?3 AND entry NOT LIKE '2 % nothing - %' \
            AND (?4 = '-' OR instr(?4, substr(id, 32)) > 0) AND (?5 = '-' OR entry LIKE '% ' || ?5) ORDER BY seq LIMIT ?6";
        let (to, now) = (last.unwrap_or(self.head), now.as_millis());
        let values = vec![integer(after), integer(to), integer(now), digits.into(), reason.into(), integer(limit)];
        let rows: Vec<_> =
            self.sql.exec(query, values)?.raw().map(|values| row(columns(values?)?)).collect::<Result<_>>()?;
        let next = if rows.len() as u64 == limit { rows.last().map(|(seq, _)| *seq) } else { last };
        let next = next.map_or_else(|| "-".into(), |next| next.to_string());
        // What was lifted before is kept for longer.
        let in_force = rows.iter().map(|(_, row)| row).filter(|row| row.expires_at.as_millis() > now);
        Ok(format!("{next}\n{}", to_lines(in_force)))
    }

    fn rows(&self, span: Span, limit: usize) -> Result<Vec<(u64, Revocation)>> {
        let query = "SELECT seq, id, entry FROM log WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?";
        let limit = i64::try_from(limit).unwrap_or(-1);
        let cursor = self.sql.exec(query, vec![integer(span.from), integer(span.to), limit.into()])?;
        cursor.raw().map(|values| row(columns(values?)?)).collect()
    }

    fn delta<'r>(
        &self,
        shard: u8,
        span: Span,
        history: Option<ShardHistory>,
        rows: impl Iterator<Item = &'r (u64, Revocation)>,
    ) -> Vec<u8> {
        Header { shard, epoch: self.epoch, span, head: self.head, edition: self.editions.published(), history }
            .write(rows.map(|(_, row)| row))
    }
}

fn kept_until(row: &Revocation) -> Timestamp {
    if row.cover.lifts() > 0 { row.expires_at.plus(LIFTED_FOR) } else { row.expires_at }
}

fn row([seq, id, entry]: [Value; 3]) -> Result<(u64, Revocation)> {
    let id = text(id)?.parse().map_err(|_| InvalidEntry.to_string())?;
    let revocation = Revocation::from_entry(id, &text(entry)?).map_err(|error| error.to_string())?;
    Ok((number(seq)?, revocation))
}
