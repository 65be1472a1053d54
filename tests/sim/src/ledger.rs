use std::{
    collections::{BTreeMap, HashMap},
    hash::{BuildHasherDefault, Hasher},
    rc::Rc,
    time::Duration,
};

use quash_core::{
    Revocation, RevocationId, Timestamp,
    ledger::{Append, Header, Part, ShardCount, ShardHistory, append, lift},
};

use crate::{
    editions::Editions,
    host::Breakage,
    luck::Luck,
    plan::{Setup, time},
};

/// The most rows of an answer. So few that answers end early.
const MAX_ROWS: usize = 24;

/// How much longer what was lifted is kept: clocks are apart by less.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// Keyed by ids, which are their own hashes.
pub(crate) type Ids<V> = HashMap<RevocationId, V, BuildHasherDefault<IdHasher>>;

#[derive(Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(start) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*start);
        }
    }

    fn write_usize(&mut self, _: usize) {}

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A shard: what is in its storage.
pub(crate) struct Shard {
    number: u8,
    /// Whether numbers are left out between its rows, as if other rows had been there.
    is_sparse: bool,
    pub(crate) epoch: u64,
    head: u64,
    rows: BTreeMap<u64, Revocation>,
    seqs: Ids<u64>,
    /// Whether it publishes segments, and those that it has.
    has_editions: bool,
    editions: Editions,
    /// The root's.
    pub(crate) history: Option<ShardHistory>,
    /// By how many shards it was looked at to lift something.
    sealed: u8,
    /// Until when it cannot be reached.
    pub(crate) down_until: u64,
    /// The head's answer, until something changes.
    answer: Option<Rc<[u8]>>,
}

impl Shard {
    pub(crate) fn new(number: u8, setup: &Setup, luck: &mut Luck) -> Self {
        Self {
            number,
            is_sparse: setup.is_sparse,
            has_editions: setup.has_editions,
            editions: Editions::default(),
            epoch: luck.draw(),
            head: 0,
            rows: BTreeMap::new(),
            seqs: Ids::default(),
            history: ShardCount::new(setup.shards).map(ShardHistory::new).filter(|_| number == 0),
            sealed: 0,
            down_until: 0,
            answer: None,
        }
    }

    /// Whether it takes appends of whoever has heard of so many shards.
    pub(crate) fn takes_appends(&self, count: ShardCount, breakage: Breakage) -> bool {
        count.get() >= self.sealed || breakage == Breakage::SealsIgnored
    }

    pub(crate) fn append(&mut self, revocation: Revocation, now: u64, breakage: Breakage, luck: &mut Luck) {
        if luck.one_in(8) {
            self.purge(now);
        }
        let known = self.seqs.get(&revocation.id).map(|seq| (*seq, self.rows[seq]));
        let skipped = match luck.below(8) {
            _ if !self.is_sparse => 0,
            0..4 => 0,
            4..7 => luck.below(300),
            _ => luck.below(3000),
        };
        let head = self.head + skipped;
        self.put(match (breakage, known) {
            (Breakage::LiftsIgnored, Some((_, row))) => Append::Write { seq: head + 1, row: row.merge(revocation) },
            _ => append(known, revocation, head),
        });
        if self.has_editions {
            self.editions.go_on(self.number, self.epoch, self.head, self.rows.values(), luck);
            self.answer = None;
        }
    }

    /// What it has under an id, for whoever lifts that.
    pub(crate) fn seal(&mut self, id: &RevocationId, count: u8) -> Option<Revocation> {
        self.sealed = self.sealed.max(count);
        self.row(id).copied()
    }

    /// The root's: there are no more shards from now on, unless there are by now.
    pub(crate) fn pin(&mut self, count: u8) -> bool {
        self.history = self.history.take().map(ShardHistory::pinned);
        self.answer = None;
        self.history.as_ref().is_some_and(|history| history.current().get() == count)
    }

    /// Whether what was seen is lifted only now; `None` if there is more.
    pub(crate) fn lift(&mut self, seen: &Revocation, at: Timestamp, breakage: Breakage) -> Option<bool> {
        let known = self.seqs.get(&seen.id).map(|seq| (*seq, self.rows[seq]));
        let done = match (breakage, known) {
            (Breakage::LiftsLost, _) => return Some(true),
            (Breakage::UnseenLifted, Some((_, row))) => {
                row.lifted(at).map(|row| Append::Write { seq: self.head + 1, row })
            }
            _ => lift(known, seen, at, self.head),
        };
        let done = done?;
        self.put(done);
        Some(matches!(done, Append::Write { .. }))
    }

    fn put(&mut self, done: Append) {
        let Append::Write { seq, row } = done else { return };
        if let Some(before) = self.seqs.insert(row.id, seq) {
            self.rows.remove(&before);
        }
        self.rows.insert(seq, row);
        self.head = seq;
        self.answer = None;
    }

    pub(crate) fn raise(&mut self, count: u8, breakage: Breakage) -> u8 {
        let Some(history) = &mut self.history else { return 1 };
        if breakage == Breakage::RaisesIgnored {
            *history =
                ShardHistory::from_counts(&history.as_slice().iter().map(|count| count.get()).collect::<Vec<_>>())
                    .unwrap_or(ShardHistory::new(ShardCount::ONE));
        }
        if ShardCount::new(count).is_some_and(|count| history.raise(count)) {
            self.answer = None;
        }
        history.current().get()
    }

    /// Puts the rows into another storage, in their order.
    pub(crate) fn renew(&mut self, luck: &mut Luck) {
        self.epoch = luck.draw();
        self.editions = Editions::default();
        self.head = 0;
        self.seqs.clear();
        for (_, row) in std::mem::take(&mut self.rows) {
            self.head += 1 + luck.below(100);
            self.seqs.insert(row.id, self.head);
            self.rows.insert(self.head, row);
        }
        self.answer = None;
    }

    pub(crate) fn row(&self, id: &RevocationId) -> Option<&Revocation> {
        self.rows.get(self.seqs.get(id)?)
    }

    /// `None` for a segment that there is not.
    pub(crate) fn answer(&mut self, part: Part) -> Option<Rc<[u8]>> {
        match (part, &self.answer) {
            (Part::Segment { seq, slice }, _) => return self.editions.segment(seq, slice),
            (Part::Head, Some(answer)) => return Some(Rc::clone(answer)),
            _ => {}
        }
        let mut span = part.span(self.head);
        if part != Part::Head
            && let Some((seq, _)) = self.rows.range(span.from + 1..=span.to).nth(MAX_ROWS)
        {
            // So few may be less than there are on one page.
            span = Some(span.before(*seq)).filter(|cut| cut.to > span.from).unwrap_or(span);
        }
        let (edition, history) = (self.editions.last(), self.history.clone());
        let header = Header { shard: self.number, epoch: self.epoch, span, head: self.head, edition, history };
        let rows = self.rows.range(span.from + 1..=span.to).map(|(_, row)| row);
        let answer: Rc<[u8]> = header.write(rows).into();
        if part == Part::Head {
            self.answer = Some(Rc::clone(&answer));
        }
        Some(answer)
    }

    fn purge(&mut self, now: u64) {
        let seqs = &mut self.seqs;
        let before = self.rows.len();
        self.rows.retain(|_, row| {
            let longer = if row.cover.lifts() > 0 { KEPT_FOR } else { Duration::ZERO };
            let is_alive = row.expires_at.plus(longer) > time(now);
            if !is_alive {
                seqs.remove(&row.id);
            }
            is_alive
        });
        if self.rows.len() < before {
            self.answer = None;
        }
    }
}
