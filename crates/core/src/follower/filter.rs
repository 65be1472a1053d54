use alloc::{vec, vec::Vec};

use super::shelves::Key;

/// How many bits there are for each key.
const BITS: usize = 4;

/// How many of them a key sets, all in one word.
const SET: u32 = 2;

/// Which keys may be on a shelf, in half a byte for each: a Bloom filter with its bits for a key in one word, so that a look-up
/// reads from one place. It says yes to one of six that are not there. Nearly all that are looked up are not, and half a megabyte
/// stays in a cache where fourteen do not.
///
/// The dangerous answer is no: whoever puts a record on the shelf [adds](Self::add) its key first.
pub(super) struct Filter {
    words: Vec<u64>,
}

impl Filter {
    /// Of a shelf that has nothing on it.
    pub(super) const EMPTY: Self = Self { words: Vec::new() };

    pub(super) fn with_room_for(keys: usize) -> Self {
        Self { words: vec![0; (keys * BITS).div_ceil(64)] }
    }

    pub(super) fn add(&mut self, key: Key) {
        let at = key.guess(self.words.len());
        if let Some(word) = self.words.get_mut(at) {
            *word |= bits(key);
        }
    }

    pub(super) fn may_have(&self, key: Key) -> bool {
        let bits = bits(key);
        self.words.get(key.guess(self.words.len())).is_some_and(|word| word & bits == bits)
    }
}

/// By bits of the key that neither choose its shelf nor, but for many words, its word.
fn bits(key: Key) -> u64 {
    (0..SET).fold(0, |bits, at| bits | 1 << (key.first() >> (8 + 6 * at) & 63))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{fixtures::random_id, follower::shelves::Plain};

    fn key(number: u64) -> Key {
        Plain::new(&random_id(number), 0, 0).key()
    }

    #[test]
    fn says_no_to_most_and_never_to_what_was_added() {
        assert!(!Filter::EMPTY.may_have(key(0)));
        for keys in [64, 512] {
            let mut filter = Filter::with_room_for(keys as usize);
            (0..keys).for_each(|number| filter.add(key(number)));
            assert!((0..keys).all(|number| filter.may_have(key(number))));
            let wrong = (keys..keys + 10_000).filter(|number| filter.may_have(key(*number))).count();
            assert!((1200..2200).contains(&wrong), "{wrong}");
        }
    }
}
