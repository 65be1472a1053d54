//! The ledger that a follower reads: one shard, and what it answers.

use quash_core::{
    Cover, Cutoff, Reason, Revocation, RevocationId, Timestamp,
    ledger::{Edition, Header, MAX_ROWS, Part, ShardCount, ShardHistory},
    segment::{Builder, ONE_IN, Slice, Snapshot},
};

use crate::sets::{Kinds, NOW};

const EXPIRES_AT: Timestamp = Timestamp::from_secs(1_795_483_400);
const EPOCH: u64 = 7;

/// A ledger that has as many rows as ever: when some come, the oldest go.
pub struct Ledger {
    kinds: Kinds,
    rows: u64,
    head: u64,
    edition: Option<u64>,
}

impl Ledger {
    /// One of so many rows, without an edition. The row with the number `n + 1` has the id that [`Kinds::id`] makes of `n`.
    pub fn new(kinds: Kinds, rows: u32) -> Self {
        Self { kinds, rows: rows.into(), head: rows.into(), edition: None }
    }

    /// So many rows come.
    pub fn append(&mut self, rows: u32) {
        self.head += u64::from(rows);
    }

    /// There is an edition of all rows now.
    pub fn publish(&mut self) {
        self.edition = Some(self.head);
    }

    /// What it answers to one who reads the head, or a page.
    pub fn delta(&self, part: Part) -> Vec<u8> {
        let mut span = part.span(self.head);
        if span.to - span.from > MAX_ROWS as u64 {
            span = span.before(span.from + MAX_ROWS as u64 + 1);
        }
        let rows: Vec<_> = (span.from..span.to).map(|number| revocation(self.kinds.id(number))).collect();
        let edition = self.edition.map(|seq| Edition { seq, slices: u64::MAX });
        let history = Some(ShardHistory::new(ShardCount::ONE));
        Header { shard: 0, epoch: EPOCH, span, head: self.head, edition, history }.write(&rows)
    }

    /// A segment of the last edition, at the usual rate; `None` when there is no edition, or too many ids.
    pub fn segment(&self, slice: Slice) -> Option<Vec<u8>> {
        let seq = self.edition?;
        let mut builder = Builder::new(Snapshot { shard: 0, epoch: EPOCH, seq, slice }, ONE_IN);
        let ids = (seq - self.rows..seq).map(|number| self.kinds.id(number));
        // A ledger's database has them in this order.
        let mut ids: Vec<_> = ids.filter(|id| Slice::of(id) == slice).collect();
        ids.sort_unstable();
        ids.iter().try_for_each(|id| builder.push(id)).ok()?;
        builder.finish().ok()
    }
}

fn revocation(id: RevocationId) -> Revocation {
    let cover = Cover::everyone(Cutoff::Always);
    Revocation { id, cover, expires_at: EXPIRES_AT, revoked_at: NOW, reason: Reason::Logout }
}
