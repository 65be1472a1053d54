use alloc::vec::Vec;

use crate::{Cover, RevocationId, Timestamp};

/// How many shelves there are, one for each beginning of an id. At a million records each has about a thousand.
const SHELVES: usize = 1024;

/// Records by their id, in shelves by its first ten bits, sorted on each.
///
/// An id is a MAC under a secret, so shelves are about equally full, and where a record lies on its shelf can be guessed
/// from its key. A shelf grows by a thirty-second, and only when it is full of records that are alive: there is never much that
/// is reserved for nothing, nor a moment at which all that is kept has to be kept twice. With an eighth instead, a million
/// records take two megabytes more in wasm, and are put in their places in half the time: 0.2 s.
pub(super) struct Shelves<R> {
    /// None until the first record comes.
    shelves: Vec<Vec<R>>,
    /// The shelf that is swept next.
    hand: usize,
}

pub(super) trait Record: Copy {
    fn key(&self) -> Key;

    /// Seconds since the epoch; the greatest number means never.
    fn expires_at(&self) -> u32;
}

/// What of an id orders a shelf: eighty bits after the sixteen of which ten have chosen it. So two ids are told apart by
/// ninety bits: one of a million records passes for another id with a chance of 2⁻⁷⁰, which nobody can improve without the
/// pepper.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u64, u16);

/// All that is kept of most revocations: 14 bytes.
#[derive(Clone, Copy)]
pub(super) struct Plain {
    key: [u8; 10],
    expires_at: [u8; 4],
}

impl Plain {
    pub(super) fn new(id: &RevocationId, expires_at: u32) -> Self {
        let [_, _, key @ .., _, _, _, _] = *id.as_bytes();
        Self { key, expires_at: expires_at.to_le_bytes() }
    }

    pub(super) fn outlive(&mut self, expires_at: u32) {
        self.expires_at = self.expires_at().max(expires_at).to_le_bytes();
    }
}

impl Record for Plain {
    // Little-endian, as the machine is: the order is nobody's business.
    fn key(&self) -> Key {
        let [a, b, c, d, e, f, g, h, i, j] = self.key;
        Key(u64::from_le_bytes([a, b, c, d, e, f, g, h]), u16::from_le_bytes([i, j]))
    }

    fn expires_at(&self) -> u32 {
        u32::from_le_bytes(self.expires_at)
    }
}

/// What is kept of a revocation that does not cover everything: 64 bytes.
#[derive(Clone, Copy)]
pub(super) struct Exact {
    pub(super) plain: Plain,
    pub(super) cover: Cover,
}

impl Record for Exact {
    fn key(&self) -> Key {
        self.plain.key()
    }

    fn expires_at(&self) -> u32 {
        self.plain.expires_at()
    }
}

/// The second until which a record is kept. What expires after 2106 never does.
pub(super) fn seconds(expires_at: Timestamp) -> u32 {
    expires_at.as_secs_ceil().try_into().unwrap_or(u32::MAX)
}

impl<R: Record> Shelves<R> {
    pub(super) fn find(&self, id: &RevocationId) -> Option<&R> {
        let shelf = self.shelves.get(shelf_of(id))?;
        shelf.get(position(shelf, Plain::new(id, 0).key()).ok()?)
    }

    pub(super) fn find_mut(&mut self, id: &RevocationId) -> Option<&mut R> {
        let shelf = self.shelves.get_mut(shelf_of(id))?;
        let at = position(shelf, Plain::new(id, 0).key()).ok()?;
        shelf.get_mut(at)
    }

    /// Puts a record in its place, where there is none with this id yet.
    pub(super) fn insert(&mut self, id: &RevocationId, record: R, now: Timestamp) {
        if self.shelves.is_empty() {
            self.shelves.resize_with(SHELVES, Vec::new);
        }
        let shelf = &mut self.shelves[shelf_of(id)];
        if shelf.len() == shelf.capacity() {
            purge(shelf, now);
            // Not for every single one that has expired: then a shelf would be read to its end for each record that comes.
            let least = (shelf.len() / 64).max(1);
            if shelf.capacity() - shelf.len() < least {
                shelf.reserve_exact((shelf.len() / 32).max(4));
            }
        }
        let (Ok(at) | Err(at)) = position(shelf, record.key());
        shelf.insert(at, record);
    }

    /// Removes what has expired from the next `count` shelves.
    pub(super) fn sweep(&mut self, count: usize, now: Timestamp) {
        for _ in 0..count.min(self.shelves.len()) {
            purge(&mut self.shelves[self.hand], now);
            self.hand = (self.hand + 1) % SHELVES;
        }
    }

    /// How many there are, with what has expired and not been removed yet.
    pub(super) fn len(&self) -> usize {
        self.shelves.iter().map(Vec::len).sum()
    }
}

impl<R> Default for Shelves<R> {
    fn default() -> Self {
        Self { shelves: Vec::new(), hand: 0 }
    }
}

fn purge<R: Record>(shelf: &mut Vec<R>, now: Timestamp) {
    let now = now.as_millis() / 1000;
    shelf.retain(|record| u64::from(record.expires_at()) > now || record.expires_at() == u32::MAX);
}

fn shelf_of(id: &RevocationId) -> usize {
    let [a, b, ..] = *id.as_bytes();
    usize::from(u16::from_be_bytes([a, b])) >> (u16::BITS - SHELVES.ilog2())
}

/// Where the record of this key is, or would be. Among a thousand keys a guess misses by ten, so the rest is a walk.
fn position<R: Record>(shelf: &[R], key: Key) -> Result<usize, usize> {
    let mut at = (((key.0 >> 32) * shelf.len() as u64) >> 32) as usize;
    while at > 0 && shelf[at - 1].key() >= key {
        at -= 1;
    }
    while at < shelf.len() && shelf[at].key() < key {
        at += 1;
    }
    if shelf.get(at).is_some_and(|record| record.key() == key) { Ok(at) } else { Err(at) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_takes_fifteen_bytes() {
        let mut shelves = Shelves::default();
        let mut state = 1u128;
        for _ in 0..200_000 {
            // Knuth's multiplier, of which the upper half is random enough.
            state = state.wrapping_mul(0x2360_ed05_1fc6_5da4_4385_df64_9fcc_f645).wrapping_add(1);
            let id = RevocationId::from_bytes(state.rotate_left(64).to_le_bytes());
            shelves.insert(&id, Plain::new(&id, 9), Timestamp::from_secs(0));
        }
        assert_eq!(shelves.len(), 200_000);
        assert!(shelves.shelves.iter().all(|shelf| shelf.is_sorted_by_key(Record::key)));
        let reserved: usize = shelves.shelves.iter().map(|shelf| shelf.capacity() * size_of::<Plain>()).sum();
        assert!(reserved <= 15 * 200_000, "{reserved}");
    }
}
