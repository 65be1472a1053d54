use alloc::vec::Vec;
use core::num::NonZeroU8;

use crate::{RevocationId, Timestamp};

/// How many shards keep the ledger: 1 to 255. Each is read by every data centre, so as few as can take the writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ShardCount(NonZeroU8);

impl ShardCount {
    /// A single one.
    pub const ONE: Self = Self(NonZeroU8::MIN);

    /// So many; `None` for none.
    pub const fn new(count: u8) -> Option<Self> {
        match NonZeroU8::new(count) {
            Some(count) => Some(Self(count)),
            None => None,
        }
    }

    /// How many.
    pub const fn get(self) -> u8 {
        self.0.get()
    }

    /// The shard that keeps `id`, from 0: ids are as good as random, so each keeps about as many.
    ///
    /// Changing this needs a migration of every ledger of more than one shard.
    pub fn shard_of(self, id: &RevocationId) -> u8 {
        let [a, b, c, d, ..] = *id.as_bytes();
        let first = u64::from(u32::from_be_bytes([a, b, c, d]));
        ((first * u64::from(self.get())) >> u32::BITS) as u8
    }
}

/// The counts that a ledger has had, each greater than the one before. The last is in force; an entry may lie where any of
/// them put it.
///
/// Shard 0 is the root: it keeps the history, durably, and tells it with each [`Delta`](crate::ledger::Delta). A writer whose
/// configuration says more than the last count has the root [raise](Self::raise) it, and waits for its answer, before it
/// appends to a new shard: else a follower that has read the root since could not know of that shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardHistory {
    counts: Vec<ShardCount>,
    since: Option<Timestamp>,
    is_pinned: bool,
}

impl ShardHistory {
    /// A ledger that begins with so many.
    pub fn new(count: ShardCount) -> Self {
        Self { counts: Vec::from([count]), since: None, is_pinned: false }
    }

    /// The same, of a ledger that began then.
    #[must_use]
    pub const fn begun(mut self, since: Timestamp) -> Self {
        self.since = Some(since);
        self
    }

    /// When the ledger began, if that was told. What was revoked before, it does not know.
    pub const fn since(&self) -> Option<Timestamp> {
        self.since
    }

    /// The same, of a ledger of which something was, or is to be, [lifted](super::lift): there are no more shards from then on. They
    /// would know nothing of it, and take for old what is new.
    #[must_use]
    pub const fn pinned(mut self) -> Self {
        self.is_pinned = true;
        self
    }

    /// Whether it is.
    pub const fn is_pinned(&self) -> bool {
        self.is_pinned
    }

    /// What a root has stored; `None` when it is no history: empty, or not rising.
    pub fn from_counts(counts: &[u8]) -> Option<Self> {
        let counts: Vec<_> = counts.iter().map(|count| ShardCount::new(*count)).collect::<Option<_>>()?;
        (!counts.is_empty() && counts.is_sorted_by(|a, b| a < b)).then_some(Self {
            counts,
            since: None,
            is_pinned: false,
        })
    }

    /// The counts, the first one first.
    pub fn as_slice(&self) -> &[ShardCount] {
        &self.counts
    }

    /// The count in force: that of the shards that have to be followed, too.
    pub fn current(&self) -> ShardCount {
        self.counts.last().copied().unwrap_or(ShardCount::ONE)
    }

    /// Puts a greater count in force, unless it is [pinned](Self::pinned). Whether anything has changed, and so has to be stored before
    /// it is acknowledged.
    pub fn raise(&mut self, count: ShardCount) -> bool {
        let is_greater = count > self.current() && !self.is_pinned;
        if is_greater {
            self.counts.push(count);
        }
        is_greater
    }

    /// The shards in which an entry of `id` may lie, each once: those that an exact look-up asks.
    pub fn shards_of(&self, id: &RevocationId) -> impl Iterator<Item = u8> {
        let shard = move |count: &ShardCount| count.shard_of(id);
        self.counts.iter().enumerate().filter_map(move |(index, count)| {
            let is_new = !self.counts[..index].iter().any(|earlier| shard(earlier) == shard(count));
            is_new.then(|| shard(count))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn count(count: u8) -> ShardCount {
        ShardCount::new(count).unwrap()
    }

    fn id(first: u32) -> RevocationId {
        RevocationId::from_bytes((u128::from(first) << 96).to_be_bytes())
    }

    /// Changing one of these needs a migration.
    #[test]
    fn the_shard_of_an_id_is_pinned() {
        for (first, shards) in [(0, [0, 0, 0, 0]), (0x5555_5556, [0, 1, 1, 85]), (u32::MAX, [0, 2, 3, 254])] {
            assert_eq!([1, 3, 4, 255].map(|n| count(n).shard_of(&id(first))), shards, "{first:x}");
        }
    }

    #[test]
    fn a_history_only_rises() {
        assert_eq!(ShardCount::new(0), None);
        for wrong in [&[][..], &[0], &[1, 1], &[4, 1], &[1, 0]] {
            assert_eq!(ShardHistory::from_counts(wrong), None, "{wrong:?}");
        }
        let mut history = ShardHistory::new(ShardCount::ONE);
        assert!(history.raise(count(4)) && !history.raise(count(4)) && !history.raise(count(2)));
        assert_eq!(history, ShardHistory::from_counts(&[1, 4]).unwrap());
        assert_eq!((history.current(), history.as_slice().len()), (count(4), 2));
    }

    proptest! {
        /// Wherever any count put an entry, an exact look-up finds it, and asks nobody twice.
        #[test]
        fn an_entry_is_found_where_any_count_put_it(first: u32, counts in prop::collection::btree_set(1..=255u8, 1..6)) {
            let counts: Vec<_> = counts.into_iter().collect();
            let asked: Vec<_> = ShardHistory::from_counts(&counts).unwrap().shards_of(&id(first)).collect();
            let mut once = asked.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), asked.len());
            for n in counts {
                let shard = count(n).shard_of(&id(first));
                prop_assert!(shard < n && asked.contains(&shard));
            }
        }
    }
}
