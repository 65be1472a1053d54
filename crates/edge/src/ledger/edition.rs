use quash_core::{
    RevocationId,
    ledger::Edition,
    segment::{Builder, ONE_IN, Slice, Snapshot},
};
use worker::{Result, SqlStorage, SqlStorageValue as Value, console_error};

use super::sql::{blob, bytes, first_row, integer, keep, kept_numbers, text};

/// After how many rows a step of a building ends, with the slice that is begun. Whatever the shard is asked meanwhile waits for it.
const ROWS_AT_ONCE: u64 = 100_000;

/// How many ids SQLite gives at once: 1.1 MB, of the 2 MB that a value may have.
const IDS_AT_ONCE: i32 = 65_536;

/// With less than so many rows, segments would be made anew all the time.
const MIN_LIMIT: u64 = 1000;

/// The name of the numbers that are kept.
const KEPT: &str = "editions";

/// What is told of an id: the digits that a segment goes by, the first 16 and the last one.
const DIGITS: usize = 17;

/// All in one string: a row costs microseconds to come over from SQLite by itself, and there are millions.
const IDS: &str = "SELECT max(id), group_concat(substr(id, 1, 16) || substr(id, 32), '')
    FROM (SELECT id FROM log WHERE id > ? AND id < ? ORDER BY id LIMIT ?)";

/// The segments that stand for all rows, where there are too many to be read one by one.
///
/// They are built in steps, each of which the alarm takes, and published when all are there. A row that comes while they are
/// built may be in them, too.
pub(super) struct Editions {
    sql: SqlStorage,
    terms: Option<Terms>,
    /// How many rows were ever removed.
    removed: u64,
    base: Base,
    building: Option<Building>,
    published: Option<Edition>,
}

#[derive(Clone, Copy, PartialEq)]
struct Terms {
    /// How many rows may be read one by one.
    limit: u64,
    shard: u8,
}

/// How the log was when all rows were read for the last time. How many there are by now follows from it, near enough: to count
/// them would be to read them.
#[derive(Clone, Copy, Default)]
struct Base {
    /// Its head.
    seq: u64,
    /// How many rows had ever been removed.
    removed: u64,
    /// How many there were.
    rows: u64,
}

#[derive(Clone, Copy)]
struct Building {
    /// Of when it began, with as many rows as have been read.
    base: Base,
    /// The segments that there are so far: one of no id is none.
    slices: u64,
    /// The next one.
    next: u8,
}

impl Editions {
    /// `is_new` is whether the log has a new epoch. Segments tell theirs, so those of an old one stand for nothing; what remains is how
    /// many rows are too many.
    pub(super) fn open(sql: SqlStorage, is_new: bool) -> Result<Self> {
        let table = "CREATE TABLE IF NOT EXISTS segments (
            seq INTEGER NOT NULL, slice INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (seq, slice)
        )";
        sql.exec(table, None)?;
        let mut kept: [u64; 13] = kept_numbers(&sql, KEPT)?.unwrap_or_default();
        if is_new {
            kept[2..].fill(0);
        }
        // Of what there is not, the first number is 0.
        let [
            limit,
            shard,
            removed,
            base_seq,
            base_removed,
            base_rows,
            building_seq,
            building_removed,
            building_rows,
            built,
            next,
            seq,
            slices,
        ] = kept;
        let base = Base { seq: base_seq, removed: base_removed, rows: base_rows };
        let terms = (limit > 0).then_some(Terms { limit, shard: shard as u8 });
        let of_building = Base { seq: building_seq, removed: building_removed, rows: building_rows };
        let building = (building_seq > 0).then_some(Building { base: of_building, slices: built, next: next as u8 });
        let published = (seq > 0).then_some(Edition { seq, slices });
        Ok(Self { sql, terms, removed, base, building, published })
    }

    fn keep(&self) -> Result<()> {
        let terms = self.terms.map_or([0; 2], |terms| [terms.limit, terms.shard.into()]);
        let of = |base: Base| [base.seq, base.removed, base.rows];
        let building = self.building.map_or([0; 5], |Building { base, slices, next }| {
            let [seq, removed, rows] = of(base);
            [seq, removed, rows, slices, next.into()]
        });
        let published = self.published.map_or([0; 2], |edition| [edition.seq, edition.slices]);
        let kept = [&terms[..], &[self.removed], &of(self.base), &building, &published].concat();
        keep(&self.sql, KEPT, blob(&kept))
    }

    /// What is published.
    pub(super) fn published(&self) -> Option<Edition> {
        self.published
    }

    /// A segment, of this edition or the one before.
    pub(super) fn segment(&self, seq: u64, slice: u8) -> Result<Option<Vec<u8>>> {
        let query = "SELECT bytes FROM segments WHERE seq = ? AND slice = ?";
        let cursor = self.sql.exec(query, vec![integer(seq), integer(slice.into())])?;
        first_row(&cursor)?.map(|[value]| bytes(value)).transpose()
    }

    /// Takes note of how many rows may be read one by one.
    pub(super) fn limit(&mut self, shard: u8, limit: u64) -> Result<()> {
        let terms = Some(Terms { limit: limit.max(MIN_LIMIT), shard });
        if self.terms == terms {
            return Ok(());
        }
        self.terms = terms;
        self.keep()
    }

    /// Takes note of rows that were removed.
    pub(super) fn removed(&mut self, rows: u64) -> Result<()> {
        self.removed += rows;
        if rows > 0 { self.keep() } else { Ok(()) }
    }

    /// Whether there is something to build: where there are too many rows, or were, each time that a sixteenth has changed.
    pub(super) fn is_due(&self, head: u64) -> bool {
        let is_due = |terms: Terms| {
            let changes = (head - self.base.seq) + (self.removed - self.base.removed);
            let is_published = self.published.is_some() || self.rows(head) > terms.limit;
            is_published && changes > self.base.rows.max(terms.limit) / 16
        };
        self.building.is_some() || self.terms.is_some_and(is_due)
    }

    /// How many rows there are, or fewer: one that has changed has a new number as well.
    fn rows(&self, head: u64) -> u64 {
        let Base { seq, removed, rows } = self.base;
        (rows + (head - seq)).saturating_sub(self.removed - removed)
    }

    /// Takes a step of what is due.
    pub(super) fn build(&mut self, epoch: u64, head: u64) -> Result<()> {
        let Some(terms) = self.terms.filter(|_| self.is_due(head)) else { return Ok(()) };
        let base = Base { seq: head, removed: self.removed, rows: 0 };
        let mut building = self.building.unwrap_or(Building { base, slices: 0, next: 0 });
        let seq = building.base.seq;
        let enough = building.base.rows + ROWS_AT_ONCE;
        while building.base.rows < enough {
            let Some(slice) = Slice::new(building.next) else {
                // Not at once, when there are a few less: they would come and go.
                let is_published = building.base.rows > terms.limit / 2;
                let edition = is_published.then_some(Edition { seq, slices: building.slices });
                return self.close(building.base, edition);
            };
            let ids = self.ids(slice)?;
            let mut builder = Builder::new(Snapshot { shard: terms.shard, epoch, seq, slice }, ONE_IN);
            let pushed = ids.iter().try_for_each(|id| builder.push(id));
            let segment = match pushed.and_then(|()| builder.finish()) {
                Ok(segment) => segment,
                Err(unfit) => {
                    console_error!("quash: the ledger publishes no segments: {unfit}");
                    // As if all had been read, or it would be tried with each append.
                    return self.close(Base { rows: self.rows(head), ..building.base }, self.published);
                }
            };
            if !ids.is_empty() {
                let values = vec![integer(seq), integer(building.next.into()), Value::Blob(segment)];
                self.sql.exec("INSERT OR REPLACE INTO segments VALUES (?, ?, ?)", values)?;
                building.slices |= 1 << building.next;
            }
            building.base.rows += ids.len() as u64;
            building.next += 1;
        }
        self.building = Some(building);
        self.keep()
    }

    /// Ends a building, and publishes what has come of it, if anything.
    fn close(&mut self, base: Base, published: Option<Edition>) -> Result<()> {
        // Followers may be reading the one before.
        let seqs = [self.published, published].map(|edition| integer(edition.map_or(0, |edition| edition.seq)));
        self.sql.exec("DELETE FROM segments WHERE seq NOT IN (?, ?)", seqs.to_vec())?;
        (self.base, self.building, self.published) = (base, None, published);
        self.keep()
    }

    /// The ids of a slice, each with zeros for what a segment does not go by.
    fn ids(&self, slice: Slice) -> Result<Vec<RevocationId>> {
        let mut ids = Vec::new();
        let first = slice.get() * 4;
        let mut last = format!("{first:02x}");
        // Behind all digits, where there is no next slice.
        let end = first.checked_add(4).map_or("g".into(), |next| format!("{next:02x}"));
        loop {
            let cursor = self.sql.exec(IDS, vec![last.into(), end.as_str().into(), IDS_AT_ONCE.into()])?;
            let Some([Value::String(id), digits]) = first_row(&cursor)? else { return Ok(ids) };
            let digits = text(digits)?;
            let (each, []) = digits.as_bytes().as_chunks() else { return Err("an id of another length".into()) };
            ids.extend(each.iter().map(id_of));
            last = id;
        }
    }
}

/// The id of these digits.
fn id_of([first @ .., last]: &[u8; DIGITS]) -> RevocationId {
    let digit = |digit: &u8| u128::from(digit & 15) + u128::from(digit >> 6) * 9;
    let first = first.iter().fold(0, |number, next| number << 4 | digit(next));
    RevocationId::from_bytes((first << 64 | digit(last)).to_be_bytes())
}
