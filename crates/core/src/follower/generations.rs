use alloc::{vec, vec::Vec};

/// Of what was not read from the log as it is: nobody knows up to which number it has to be kept.
pub(super) const OWN: u8 = u8::MAX;

/// How many generations there are before the first is used again.
const COUNT: u8 = u8::MAX;

/// How many numbers one has at least, of all logs; and of how many there are in all, it has one in so many.
const LENGTH: u64 = 256;
const PARTS: u64 = 128;

/// When a row was read, in a byte: its generation, of which is known up to which number of each shard's log it has rows.
///
/// So a row that a segment has, too, can go, and its number does not have to be kept with it. When generations are used again,
/// the rows of long ago that are left count as younger than they are, and so stay for longer.
pub(super) struct Generations {
    current: u8,
    /// Of each generation, the highest number that was read of each shard until it ended, or until now.
    highest: Vec<Vec<u64>>,
    /// The sum of the numbers when the current one began.
    began_at: u64,
}

impl Default for Generations {
    fn default() -> Self {
        Self { current: 0, highest: vec![vec![]], began_at: 0 }
    }
}

impl Generations {
    pub(super) fn current(&self) -> u8 {
        self.current
    }

    /// The highest number that a row of this generation can have in a shard's log.
    pub(super) fn highest(&self, generation: u8, shard: u8) -> u64 {
        if generation == OWN {
            return u64::MAX;
        }
        let highest = self.highest.get(usize::from(generation));
        highest.and_then(|highest| highest.get(usize::from(shard))).copied().unwrap_or(0)
    }

    /// Rows up to this number have been read, or are about to be: those of the current generation. `total` tells how many there are.
    pub(super) fn read(&mut self, shard: u8, number: u64, total: impl FnOnce() -> usize) {
        let sum = self.now().iter().fold(0, |sum: u64, number| sum.saturating_add(*number));
        let length = sum.saturating_sub(self.began_at);
        if number > self.highest(self.current, shard) && length >= LENGTH && length >= total() as u64 / PARTS {
            self.next(sum);
        }
        let (highest, shard) = (self.now(), usize::from(shard));
        if highest.len() <= shard {
            highest.resize(shard + 1, 0);
        }
        highest[shard] = highest[shard].max(number);
    }

    fn next(&mut self, sum: u64) {
        let highest = self.now().clone();
        self.current = (self.current + 1) % COUNT;
        self.began_at = sum;
        match self.highest.get_mut(usize::from(self.current)) {
            Some(old) => *old = highest,
            None => self.highest.push(highest),
        }
    }

    fn now(&mut self) -> &mut Vec<u64> {
        &mut self.highest[usize::from(self.current)]
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::{collection, prelude::*};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn there_is_a_new_one_for_each_part_of_a_log() {
        let mut generations = Generations::default();
        generations.read(0, 5000, || 0);
        let first = generations.current();
        generations.read(0, 5001, || 0);
        assert_ne!(generations.current(), first);
        assert_eq!((generations.highest(first, 0), generations.highest(generations.current(), 0)), (5000, 5001));
        // Of many rows it has more.
        generations.read(0, 5000 + LENGTH, || 128_000);
        generations.read(0, 5999, || 128_000);
        assert_eq!(generations.current(), first + 1);
        generations.read(0, 6001, || 128_000);
        generations.read(0, 6002, || 128_000);
        assert_eq!((generations.current(), generations.highest(first + 1, 0)), (first + 2, 6001));
        assert_eq!(generations.highest(OWN, 0), u64::MAX);
    }

    proptest! {
        /// Of whichever generation a row is, and however often that has been used, it says no less than the row's number.
        #[test]
        fn no_row_has_a_higher_number_than_its_generation_says(reads in collection::vec((0..3u8, 0..2000u64), 0..2000)) {
            let (mut generations, mut heads, mut rows) = (Generations::default(), [0; 3], Vec::new());
            for (shard, by) in reads {
                heads[usize::from(shard)] += by;
                generations.read(shard, heads[usize::from(shard)], || 0);
                rows.push((shard, heads[usize::from(shard)], generations.current()));
                for (shard, number, generation) in &rows {
                    prop_assert!(*number <= generations.highest(*generation, *shard));
                    prop_assert_ne!(*generation, OWN);
                }
            }
        }
    }
}
