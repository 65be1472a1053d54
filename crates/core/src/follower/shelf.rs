use alloc::vec::Vec;

use super::shelves::{Key, Record};
use crate::Timestamp;

/// How many records a tray holds.
const TRAY: usize = 64;

/// By how many records the last tray grows at most: of the usual ones, 224 bytes.
const STEP: usize = 16;

/// How many trays are at hand: all of them up to 1.3 million records.
const NEAR: usize = 10;

/// Sorted records on trays that are full, but for the last.
///
/// In one piece a shelf would have to be moved to where there is more room each time that it grows, as thousands of others do,
/// each leaving a hole that is too small for the next: a million records took 22 MB in wasm, where 14 are needed. Trays have
/// few sizes, so what one shelf gives back fits any other.
///
/// Where the first trays are is told by the shelf itself, and not by a list that is somewhere else: among a million records to
/// read anything takes as long as to find a record where it is.
pub(super) struct Shelf<R> {
    near: [Vec<R>; NEAR],
    far: Vec<Vec<R>>,
    len: usize,
}

impl<R: Record> Shelf<R> {
    pub(super) const EMPTY: Self = Self { near: [const { Vec::new() }; NEAR], far: Vec::new(), len: 0 };

    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn get(&self, key: Key) -> Option<&R> {
        let (tray, place) = self.position(key);
        self.tray(tray)?.get(place).filter(|record| record.key() == key)
    }

    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut R> {
        let (tray, place) = self.position(key);
        self.tray_mut(tray)?.get_mut(place).filter(|record| record.key() == key)
    }

    /// Puts a record in its place: what comes after it moves on by one, from tray to tray.
    pub(super) fn insert(&mut self, mut record: R, now: Timestamp) {
        let is_full = |last: &Vec<R>| last.len() == last.capacity() && last.len().is_multiple_of(STEP);
        let last = self.trays().checked_sub(1).and_then(|last| self.tray(last));
        if last.is_some_and(is_full) {
            // Rather than more room, that of what has expired.
            self.purge(now);
        }
        let (first, mut place) = self.position(record.key());
        self.len += 1;
        self.far.resize_with(self.trays().saturating_sub(NEAR), Vec::new);
        for tray in self.near.iter_mut().chain(&mut self.far).skip(first) {
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
            let Some(record) = self.tray_mut(at / TRAY).and_then(|tray| tray.get_mut(at % TRAY)) else { return };
            if keeps(record) {
                let record = *record;
                if let Some(place) = self.tray_mut(kept / TRAY).and_then(|tray| tray.get_mut(kept % TRAY)) {
                    *place = record;
                }
                kept += 1;
            }
        }
        self.len = kept;
        let trays = self.trays();
        self.near.iter_mut().skip(trays).for_each(|tray| *tray = Vec::new());
        self.far.truncate(trays.saturating_sub(NEAR));
        if let Some(last) = trays.checked_sub(1).and_then(|last| self.tray_mut(last)) {
            last.truncate((kept - 1) % TRAY + 1);
        }
    }

    /// How many trays have something on them.
    fn trays(&self) -> usize {
        self.len.div_ceil(TRAY)
    }

    fn tray(&self, at: usize) -> Option<&Vec<R>> {
        self.near.get(at).or_else(|| self.far.get(at.checked_sub(NEAR)?))
    }

    fn tray_mut(&mut self, at: usize) -> Option<&mut Vec<R>> {
        self.near.get_mut(at).or_else(|| self.far.get_mut(at.checked_sub(NEAR)?))
    }

    /// Tray and place of the record of this key, or those where it would be. Among five hundred keys a guess misses by seven, so
    /// the rest is a walk, and mostly on one tray.
    fn position(&self, key: Key) -> (usize, usize) {
        let guess = key.guess(self.len);
        let (mut tray, mut place) = (guess / TRAY, guess % TRAY);
        while let Some(records) = self.tray(tray) {
            // By what of a key nearly always decides.
            while place > 0 && records[place - 1].key().first() >= key.first() {
                place -= 1;
            }
            let before = if place == 0 { tray.checked_sub(1).and_then(|before| self.tray(before)) } else { None };
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
        id[15] = (number & 3) as u8;
        Plain::new(&RevocationId::from_bytes(id), 0, expires_at)
    }

    #[test]
    fn nothing_is_reserved_beyond_the_next_step() {
        let mut shelf = Shelf::EMPTY;
        for number in 0..1000u16 {
            shelf.insert(plain(number.wrapping_mul(40_503), 9), Timestamp::from_secs(0));
            let reserved: usize = shelf.near.iter().chain(&shelf.far).map(Vec::capacity).sum();
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
                let records = shelf.near.iter().chain(&shelf.far).flatten();
                prop_assert!(records.clone().map(|record| (record.key(), record.plain().expires_at())).eq(
                    map.iter().map(|(number, expires_at)| (plain(*number, 0).key(), *expires_at))
                ));
                let (len, trays) = (map.len(), map.len().div_ceil(TRAY));
                prop_assert_eq!((shelf.len(), shelf.far.len()), (len, trays.saturating_sub(NEAR)));
                prop_assert!(shelf.near.iter().chain(&shelf.far).all(|tray| tray.capacity() <= TRAY));
                prop_assert!(shelf.near.iter().skip(trays).all(|tray| tray.capacity() == 0));
            }
        }
    }
}
