use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

use quash_core::{Revocation, RevocationId, Timestamp};

/// The most entries that are kept. At 100 bytes each, a megabyte of the isolate's 128.
const MAX_ENTRIES: usize = 10_000;

/// What this isolate itself revoked: known at once, whatever the stores say. Lost with the isolate, and bounded, because it only
/// bridges the time until Workers KV shows the entry.
#[derive(Default)]
pub(crate) struct Recent {
    entries: HashMap<RevocationId, Revocation, BuildHasherDefault<IdHasher>>,
}

impl Recent {
    pub(crate) fn record(&mut self, revocations: &[Revocation], now: Timestamp) {
        let entries = &mut self.entries;
        if entries.len() + revocations.len() > MAX_ENTRIES {
            entries.retain(|_, entry| entry.expires_at > now);
        }
        // Still full: the oldest have long been shown by Workers KV.
        while entries.len() + revocations.len() > MAX_ENTRIES {
            let Some(oldest) = entries.values().min_by_key(|entry| entry.revoked_at).map(|entry| entry.id) else {
                break;
            };
            entries.remove(&oldest);
        }
        for revocation in revocations {
            entries.entry(revocation.id).and_modify(|entry| *entry = entry.merge(*revocation)).or_insert(*revocation);
        }
    }

    /// Everything known under these ids.
    pub(crate) fn lookup(&self, ids: impl Iterator<Item = RevocationId>) -> Vec<Revocation> {
        if self.entries.is_empty() {
            return Vec::new();
        }
        ids.filter_map(|id| self.entries.get(&id).copied()).collect()
    }
}

/// An id is a MAC under a secret: nobody can choose where it falls, so it is its own hash.
#[derive(Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        if let Some(start) = bytes.first_chunk() {
            self.0 = u64::from_le_bytes(*start);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use quash_core::{Cover, Cutoff, Reason};

    use super::*;

    fn revocation(number: u64) -> Revocation {
        Revocation {
            id: RevocationId::from_bytes(u128::from(number).to_le_bytes()),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: Timestamp::from_secs(1_000_000 + number),
            revoked_at: Timestamp::from_secs(number),
            reason: Reason::Logout,
        }
    }

    fn has(recent: &Recent, number: u64) -> bool {
        !recent.lookup([revocation(number).id].into_iter()).is_empty()
    }

    #[test]
    fn merges_and_finds() {
        let mut recent = Recent::default();
        let long = Revocation { expires_at: Timestamp::from_secs(2_000_000), ..revocation(1) };
        recent.record(&[long], Timestamp::from_secs(0));
        recent.record(&[revocation(1)], Timestamp::from_secs(0));
        assert_eq!(recent.lookup([revocation(1).id, revocation(2).id].into_iter()), [long]);
    }

    #[test]
    fn stays_bounded_and_forgets_the_oldest() {
        let mut recent = Recent::default();
        let last = MAX_ENTRIES as u64 + 5;
        for number in 0..=last {
            recent.record(&[revocation(number)], Timestamp::from_secs(0));
        }
        assert_eq!(recent.entries.len(), MAX_ENTRIES);
        assert!(!has(&recent, 0) && has(&recent, last));
        // The expired go first, however recent.
        recent.record(&[revocation(last + 1)], Timestamp::from_secs(2_000_000));
        assert_eq!(recent.entries.len(), 1);
    }
}
