use quash_core::{Revocation, Status, StatusBits, StatusList, Timestamp};
use worker::{Result, SqlStorage, SqlStorageValue as Value};

use super::sql::{columns, first_row, integer, number};

/// A row for each place and entry: a place is marked for as long as one of them is there.
const SCHEMA: [&str; 3] = [
    "CREATE TABLE IF NOT EXISTS marks (
        place INTEGER NOT NULL, id TEXT NOT NULL, revoked_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (place, id)
    ) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS marks_expiry ON marks (expires_at)",
    "CREATE INDEX IF NOT EXISTS marks_id ON marks (id)",
];

/// The most rows that are removed at once.
const MAX_REMOVED: i32 = 1000;

/// A status list, in SQLite and in memory. Nothing here waits.
pub(super) struct StatusMarks {
    sql: SqlStorage,
    /// The list, once it was asked for: to read every row for each answer would take too long.
    list: Option<StatusList>,
}

impl StatusMarks {
    pub(super) fn open(sql: SqlStorage) -> Result<Self> {
        for statement in SCHEMA {
            sql.exec(statement, None)?;
        }
        Ok(Self { sql, list: None })
    }

    /// Marks places. It may be repeated: what is kept is kept for as long as anybody has said.
    pub(super) fn mark(&mut self, marks: &[(u64, Revocation)]) -> Result<()> {
        let mark = "INSERT INTO marks VALUES (?, ?, ?, ?) ON CONFLICT (place, id) DO UPDATE SET \
            revoked_at = max(revoked_at, excluded.revoked_at), expires_at = max(expires_at, excluded.expires_at)";
        for (place, Revocation { id, revoked_at, expires_at, .. }) in marks {
            let [revoked_at, expires_at] = [revoked_at, expires_at].map(|time| integer(time.as_millis()));
            self.sql.exec(mark, vec![integer(*place), id.to_string().into(), revoked_at, expires_at])?;
            self.set(*place, Status::INVALID);
        }
        Ok(())
    }

    /// Has no place marked any more by an entry that was lifted: it may have been revoked anew since, and is marked by that.
    pub(super) fn unmark(&mut self, lifted: &Revocation) -> Result<()> {
        let values = vec![lifted.id.to_string().into(), integer(lifted.revoked_at.as_millis())];
        self.remove("id = ? AND revoked_at <= ?", values)
    }

    /// The list of so many places.
    pub(super) fn list(&mut self, size: u64, now: Timestamp) -> Result<Vec<u8>> {
        self.expire(now)?;
        let list = match self.list.take() {
            Some(list) if list.as_bytes().len() as u64 == size.div_ceil(8) => list,
            _ => self.read(size)?,
        };
        let bytes = list.as_bytes().to_vec();
        self.list = Some(list);
        Ok(bytes)
    }

    /// Removes what has expired, as much as there is time for: of what no longer is in force anyway the list may say so for longer.
    pub(super) fn expire(&mut self, now: Timestamp) -> Result<()> {
        let expired = "(place, id) IN (SELECT place, id FROM marks WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)";
        self.remove(expired, vec![integer(now.as_millis()), MAX_REMOVED.into()])
    }

    /// When the next row expires.
    pub(super) fn next_expiry(&self) -> Result<Option<Timestamp>> {
        let cursor = self.sql.exec("SELECT expires_at FROM marks ORDER BY expires_at LIMIT 1", None)?;
        first_row(&cursor)?.map(|[value]| number(value).map(Timestamp::from_millis)).transpose()
    }

    fn read(&self, size: u64) -> Result<StatusList> {
        let mut list = StatusList::of_valid(StatusBits::One, size as usize);
        let cursor = self.sql.exec("SELECT DISTINCT place FROM marks WHERE place < ?", vec![integer(size)])?;
        for row in cursor.raw() {
            let [place] = columns(row?)?;
            // It is one of the list's.
            let _ = list.set(number(place)?, Status::INVALID);
        }
        Ok(list)
    }

    fn remove(&mut self, which: &str, values: Vec<Value>) -> Result<()> {
        let cursor = self.sql.exec(&format!("DELETE FROM marks WHERE {which} RETURNING place"), values)?;
        let places = cursor.raw().map(|row| columns(row?).and_then(|[place]| number(place)));
        for place in places.collect::<Result<Vec<_>>>()? {
            let others = self.sql.exec("SELECT 1 FROM marks WHERE place = ? LIMIT 1", vec![integer(place)])?;
            if others.raw().next().is_none() {
                self.set(place, Status::VALID);
            }
        }
        Ok(())
    }

    /// Behind the end of the list, which may have been made smaller, nobody looks.
    fn set(&mut self, place: u64, status: Status) {
        if let Some(list) = &mut self.list {
            let _ = list.set(place, status);
        }
    }
}
