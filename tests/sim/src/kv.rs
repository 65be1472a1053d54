use quash_core::{Revocation, RevocationId};

use crate::{ledger::Ids, luck::Luck};

/// How long a place may go on answering what it once read, in milliseconds: also that there is nothing.
const CACHED: u64 = 60_000;

/// How long a write may take to be seen elsewhere.
const SPREADS: u64 = 120_000;

/// Workers KV, as one data centre sees it.
#[derive(Default)]
pub(crate) struct Kv {
    /// And from when on it is to be seen here.
    entries: Ids<(Revocation, u64)>,
    /// What was not there when it was last read, and until when that goes on.
    misses: Ids<u64>,
}

impl Kv {
    pub(crate) fn put(&mut self, revocation: Revocation, is_here: bool, now: u64, luck: &mut Luck) {
        let seen_at = now + luck.below(if is_here { 100 } else { SPREADS });
        let merge = |(known, _): &mut (Revocation, u64)| *known = known.merge(revocation);
        self.entries.entry(revocation.id).and_modify(merge).or_insert((revocation, seen_at));
    }

    pub(crate) fn read(&mut self, id: &RevocationId, now: u64) -> Option<Revocation> {
        if self.misses.get(id).is_some_and(|until| *until > now) {
            return None;
        }
        let found = self.entries.get(id).filter(|(_, seen_at)| *seen_at <= now).map(|(entry, _)| *entry);
        if found.is_none() {
            self.misses.insert(*id, now + CACHED);
        }
        found
    }
}
