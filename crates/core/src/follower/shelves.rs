use alloc::vec::Vec;

use super::shelf::Shelf;
use crate::{Cover, RevocationId, Timestamp};

/// How many shelves there are, one for each beginning of an id. At a million records each has about five hundred.
const SHELVES: usize = 2048;

/// Records by their id, in shelves by its first eleven bits, sorted on each.
///
/// An id is a MAC under a secret, so shelves are about equally full, and where a record lies on its shelf can be guessed
/// from its key.
pub(super) struct Shelves<R> {
    /// None until the first record comes.
    shelves: Vec<Shelf<R>>,
    /// The shelf that is swept next.
    hand: usize,
}

pub(super) trait Record: Copy {
    fn key(&self) -> Key;

    /// Seconds since the epoch; the greatest number means never.
    fn expires_at(&self) -> u32;
}

/// What of an id orders a shelf: eighty bits after the sixteen of which eleven have chosen it. So two ids are told apart by
/// ninety-one bits: one of a million records passes for another id with a chance of 2⁻⁷¹, which nobody can improve without the
/// pepper.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u64, u16);

impl Key {
    /// All but the last sixteen bits.
    pub(super) fn first(self) -> u64 {
        self.0
    }

    /// About where a record with this key is among so many.
    pub(super) fn guess(self, len: usize) -> usize {
        (((self.0 >> 32) * len as u64) >> 32) as usize
    }
}

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
        self.shelves.get(shelf_of(id))?.get(Plain::new(id, 0).key())
    }

    pub(super) fn find_mut(&mut self, id: &RevocationId) -> Option<&mut R> {
        self.shelves.get_mut(shelf_of(id))?.get_mut(Plain::new(id, 0).key())
    }

    /// Puts a record in its place, where there is none with this id yet.
    pub(super) fn insert(&mut self, id: &RevocationId, record: R, now: Timestamp) {
        if self.shelves.is_empty() {
            self.shelves.resize_with(SHELVES, || Shelf::EMPTY);
        }
        self.shelves[shelf_of(id)].insert(record, now);
    }

    /// Removes what has expired from the next `count` shelves.
    pub(super) fn sweep(&mut self, count: usize, now: Timestamp) {
        for _ in 0..count.min(self.shelves.len()) {
            self.shelves[self.hand].purge(now);
            self.hand = (self.hand + 1) % SHELVES;
        }
    }

    /// How many there are, with what has expired and not been removed yet.
    pub(super) fn len(&self) -> usize {
        self.shelves.iter().map(Shelf::len).sum()
    }
}

impl<R> Default for Shelves<R> {
    fn default() -> Self {
        Self { shelves: Vec::new(), hand: 0 }
    }
}

fn shelf_of(id: &RevocationId) -> usize {
    let [a, b, ..] = *id.as_bytes();
    usize::from(u16::from_be_bytes([a, b])) >> (u16::BITS - SHELVES.ilog2())
}
