use alloc::vec::Vec;

use super::shelves::{Key, Record};
use crate::Timestamp;

/// How many records a tray holds.
const TRAY: usize = 128;

/// By how many records the last tray grows at most: of the usual ones, 448 bytes.
const STEP: usize = 32;

/// Sorted records on trays that are full, but for the last.
///
/// In one piece a shelf would have to be moved to where there is more room each time that it grows, as a thousand others do,
/// each leaving a hole that is too small for the next: a million records took 22 MB in wasm, where 14 are needed. Trays have
/// few sizes, so what one shelf gives back fits any other.
pub(super) struct Shelf<R> {
    trays: Vec<Vec<R>>,
    len: usize,
}

impl<R: Record> Shelf<R> {
    pub(super) const EMPTY: Self = Self { trays: Vec::new(), len: 0 };

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, key: Key) -> Option<&R> {
        let (tray, place) = self.position(key);
        self.trays.get(tray)?.get(place).filter(|record| record.key() == key)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut R> {
        let (tray, place) = self.position(key);
        self.trays.get_mut(tray)?.get_mut(place).filter(|record| record.key() == key)
    }

    /// Puts a record in its place: what comes after it moves on by one, from tray to tray.
    pub(super) fn insert(&mut self, mut record: R, now: Timestamp) {
        let is_full = |last: &Vec<R>| last.len() == last.capacity() && last.len().is_multiple_of(STEP);
        if self.trays.last().is_some_and(is_full) {
            // Rather than more room, that of what has expired.
            self.purge(now);
        }
        let (first, mut place) = self.position(record.key());
        // Behind the last one of a last tray that is full.
        let first = first + place / TRAY;
        place %= TRAY;
        self.len += 1;
        for tray in self.trays.iter_mut().skip(first) {
            let last = if tray.len() == TRAY { tray.pop() } else { None };
            if tray.len() == tray.capacity() {
                // Most shelves of a short list never have more than a few.
                tray.reserve_exact(tray.len().clamp(4, STEP));
            }
            tray.insert(place, record);
            match last {
                Some(last) => (record, place) = (last, 0),
                None => return,
            }
        }
        let mut tray = Vec::with_capacity(4);
        tray.push(record);
        self.trays.push(tray);
    }

    /// Removes what has expired, and the trays that it leaves empty.
    pub(super) fn purge(&mut self, now: Timestamp) {
        let now = now.as_millis() / 1000;
        let mut kept = 0;
        for at in 0..self.len {
            let record = self.trays[at / TRAY][at % TRAY];
            if u64::from(record.expires_at()) > now || record.expires_at() == u32::MAX {
                self.trays[kept / TRAY][kept % TRAY] = record;
                kept += 1;
            }
        }
        self.len = kept;
        self.trays.truncate(kept.div_ceil(TRAY));
        if let Some(last) = self.trays.last_mut() {
            last.truncate((kept - 1) % TRAY + 1);
        }
    }

    /// Tray and place of the record of this key, or those where it would be. Among a thousand keys a guess misses by ten, so
    /// the rest is a walk, and mostly on one tray.
    fn position(&self, key: Key) -> (usize, usize) {
        let guess = key.guess(self.len);
        let (tray, mut place) = (guess / TRAY, guess % TRAY);
        let Some(records) = self.trays.get(tray) else { return (0, 0) };
        while place > 0 && records[place - 1].key() >= key {
            place -= 1;
        }
        while place < records.len() && records[place].key() < key {
            place += 1;
        }
        let is_at_an_end = place == 0 && tray > 0 || place == records.len() && tray + 1 < self.trays.len();
        if is_at_an_end { self.search(key) } else { (tray, place) }
    }

    #[cold]
    fn search(&self, key: Key) -> (usize, usize) {
        let is_before = |record: &R| record.key() < key;
        let tray = self.trays.partition_point(|tray| tray.last().is_some_and(is_before)).min(self.trays.len() - 1);
        (tray, self.trays[tray].partition_point(is_before))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::{collection, prelude::*};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{RevocationId, follower::shelves::Plain};

    fn plain(number: u16, expires_at: u32) -> Plain {
        // Its key's first number in its upper half, which is what a guess is made by.
        let mut id = [0; 16];
        id[8..10].copy_from_slice(&number.to_le_bytes());
        Plain::new(&RevocationId::from_bytes(id), expires_at)
    }

    #[test]
    fn nothing_is_reserved_beyond_the_next_step() {
        let mut shelf = Shelf::EMPTY;
        for number in 0..1000u16 {
            shelf.insert(plain(number.wrapping_mul(40_503), 9), Timestamp::from_secs(0));
            let reserved: usize = shelf.trays.iter().map(Vec::capacity).sum();
            assert!(reserved <= (2 * shelf.len()).clamp(4, shelf.len() + STEP), "{reserved} of {}", shelf.len());
        }
        assert_eq!(shelf.len(), 1000);
    }

    proptest! {
        /// All trays are full but the last, in order, and hold what is alive.
        #[test]
        fn trays_are_full_and_in_order(numbers in collection::vec((any::<u16>(), 1..9u32), 1..600), now in 1..9u64) {
            let (mut shelf, mut map) = (Shelf::EMPTY, BTreeMap::new());
            for (number, expires_at) in numbers {
                if map.insert(number, expires_at).is_none() {
                    shelf.insert(plain(number, expires_at), Timestamp::from_secs(0));
                } else if let Some(known) = shelf.get_mut(plain(number, 0).key()) {
                    *known = plain(number, expires_at);
                }
            }
            for now in [0, now] {
                shelf.purge(Timestamp::from_secs(now));
                map.retain(|_, expires_at| u64::from(*expires_at) > now);
                let records = shelf.trays.iter().flatten();
                prop_assert!(records.clone().map(|record| (record.key(), record.expires_at())).eq(
                    map.iter().map(|(number, expires_at)| (plain(*number, 0).key(), *expires_at))
                ));
                prop_assert_eq!((shelf.len(), shelf.trays.len()), (map.len(), map.len().div_ceil(TRAY)));
                prop_assert!(shelf.trays.iter().all(|tray| tray.capacity() <= TRAY));
            }
        }
    }
}
