use alloc::vec::Vec;

use super::{
    filter::Filter,
    shelves::{Key, Record},
};
use crate::Timestamp;

/// How many records a tray holds.
const TRAY: usize = 64;

/// By how many records the last tray grows at most: of the usual ones, 224 bytes.
const STEP: usize = 16;

/// Sorted records on trays that are full, but for the last.
///
/// In one piece a shelf would have to be moved to where there is more room each time that it grows, as thousands of others do,
/// each leaving a hole that is too small for the next: a million records took 22 MB in wasm, where 14 are needed. Trays have
/// few sizes, so what one shelf gives back fits any other.
pub(super) struct Shelf<R> {
    /// Tells of most keys that they are not here: among a million records, to find that out takes as long as to read from memory
    /// that no cache has, and twice where the guess was wrong.
    filter: Filter,
    trays: Vec<Vec<R>>,
    len: usize,
}

impl<R: Record> Shelf<R> {
    pub(super) const EMPTY: Self = Self { filter: Filter::EMPTY, trays: Vec::new(), len: 0 };

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, key: Key) -> Option<&R> {
        if !self.filter.may_have(key) {
            return None;
        }
        let (tray, place) = self.position(key);
        self.trays.get(tray)?.get(place).filter(|record| record.key() == key)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut R> {
        if !self.filter.may_have(key) {
            return None;
        }
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
        if self.len == self.trays.len() * TRAY {
            self.trays.reserve_exact(1);
            self.trays.push(Vec::new());
            self.filter = self.filter_of_all();
        }
        self.filter.add(record.key());
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
    }

    /// Removes what has expired.
    pub(super) fn purge(&mut self, now: Timestamp) {
        self.retain(|record| !record.plain().is_dead(now));
    }

    /// Keeps what `keeps` says, in its order, and no tray that is left empty. It may change all of a record but its key.
    pub(super) fn retain(&mut self, mut keeps: impl FnMut(&mut R) -> bool) {
        let mut kept = 0;
        for at in 0..self.len {
            let Some(record) = self.record_mut(at) else { return };
            if keeps(record) {
                let record = *record;
                if let Some(place) = self.record_mut(kept) {
                    *place = record;
                }
                kept += 1;
            }
        }
        if kept == self.len {
            return;
        }
        self.len = kept;
        self.trays.truncate(kept.div_ceil(TRAY));
        if let Some(last) = self.trays.last_mut() {
            last.truncate((kept - 1) % TRAY + 1);
        }
        self.filter = self.filter_of_all();
    }

    /// One that has room for all that the trays have room for.
    fn filter_of_all(&self) -> Filter {
        let mut filter = Filter::with_room_for(self.trays.len() * TRAY);
        self.trays.iter().flatten().for_each(|record| filter.add(record.key()));
        filter
    }

    fn record_mut(&mut self, at: usize) -> Option<&mut R> {
        self.trays.get_mut(at / TRAY)?.get_mut(at % TRAY)
    }

    /// Tray and place of the record of this key, or those where it would be. Among five hundred keys a guess misses by seven, so
    /// the rest is a walk, and mostly on one tray.
    fn position(&self, key: Key) -> (usize, usize) {
        let guess = key.guess(self.len);
        let (mut tray, mut place) = (guess / TRAY, guess % TRAY);
        while let Some(records) = self.trays.get(tray) {
            // By what of a key nearly always decides.
            while place > 0 && records[place - 1].key().first() >= key.first() {
                place -= 1;
            }
            let before = if place == 0 { tray.checked_sub(1).map(|before| &self.trays[before]) } else { None };
            if let Some(before) = before.filter(|before| before.last().is_some_and(|last| last.key() >= key)) {
                (tray, place) = (tray - 1, before.len());
                continue;
            }
            while place < records.len() && records[place].key() < key {
                place += 1;
            }
            // Only the last tray has room at its end.
            if place < TRAY {
                break;
            }
            (tray, place) = (tray + 1, 0);
        }
        (tray, place)
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
        // Its key's first number in its upper half, which is what a guess is made by; for four of them it is the same.
        let mut id = [0; 16];
        id[7..9].copy_from_slice(&(number & !3).to_le_bytes());
        // And what a filter goes by.
        id[2..4].copy_from_slice(&(number & !3).wrapping_mul(40_503).to_le_bytes());
        id[15] = (number & 3) as u8;
        Plain::new(&RevocationId::from_bytes(id), 0, expires_at)
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
        fn trays_are_full_and_in_order(numbers in collection::vec((any::<u16>(), 1..9u32), 1..1000), now in 1..9u64) {
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
                prop_assert!(records.clone().map(|record| (record.key(), record.plain().expires_at())).eq(
                    map.iter().map(|(number, expires_at)| (plain(*number, 0).key(), *expires_at))
                ));
                prop_assert!(map.keys().all(|number| shelf.get(plain(*number, 0).key()).is_some()));
                let (len, trays) = (map.len(), map.len().div_ceil(TRAY));
                prop_assert_eq!((shelf.len(), shelf.trays.len()), (len, trays));
                prop_assert!(shelf.trays.iter().all(|tray| tray.capacity() <= TRAY));
            }
        }
    }
}
