use alloc::vec::Vec;

use super::{generations::OWN, shelf::Shelf};
use crate::{Cover, RevocationId, Timestamp, segment::Slice};

/// How many shelves there are, one for each beginning of an id. At a million records each has about five hundred.
const SHELVES: usize = 2048;

/// How many bits of those that choose a shelf come after an id's first byte.
const BITS_AFTER_BYTE: u32 = SHELVES.ilog2() - u8::BITS;

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
    fn plain(&self) -> &Plain;

    fn key(&self) -> Key {
        self.plain().key()
    }
}

/// What of an id orders a shelf: eight bytes after the first, then the last one, which ends with its kind. With the shelf, the first
/// nine bytes of an id and its last are known. Two ids of a kind are told apart by 76 bits: one of a million records passes for
/// another id with a chance of 2⁻⁵⁶, which nobody can improve without the pepper.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u64, u8);

impl Key {
    /// All but the last byte.
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
    key: [u8; 9],
    /// When it was read, by a [clock](super::generations) of numbers.
    generation: u8,
    expires_at: [u8; 4],
}

impl Plain {
    pub(super) fn new(id: &RevocationId, generation: u8, expires_at: u32) -> Self {
        Self { key: key_bytes(id), generation, expires_at: expires_at.to_le_bytes() }
    }

    pub(super) fn key(&self) -> Key {
        key(self.key)
    }

    /// As much of its id as is known, when it is on this shelf; the rest is zero.
    fn id(&self, shelf: usize) -> RevocationId {
        let [b, c, d, e, f, g, h, i, last] = self.key;
        RevocationId::from_bytes([(shelf >> BITS_AFTER_BYTE) as u8, b, c, d, e, f, g, h, i, 0, 0, 0, 0, 0, 0, last])
    }

    pub(super) fn generation(&self) -> u8 {
        self.generation
    }

    /// It stays until it expires.
    pub(super) fn stay(&mut self) {
        self.generation = OWN;
    }

    /// It has come again. What this isolate has revoked itself stays what it is.
    pub(super) fn renew(&mut self, other: &Self) {
        if self.generation != OWN {
            self.generation = other.generation;
        }
        self.expires_at = self.expires_at().max(other.expires_at()).to_le_bytes();
    }

    pub(super) fn is_dead(&self, now: Timestamp) -> bool {
        self.expires_at() != u32::MAX && u64::from(self.expires_at()) <= now.as_millis() / 1000
    }

    /// Seconds since the epoch; the greatest number means never.
    pub(super) fn expires_at(&self) -> u32 {
        u32::from_le_bytes(self.expires_at)
    }
}

impl Record for Plain {
    fn plain(&self) -> &Self {
        self
    }
}

/// What is kept of a revocation that does not cover everything, or has been lifted: 72 bytes.
#[derive(Clone, Copy)]
pub(super) struct Exact {
    pub(super) plain: Plain,
    /// The ledger was asked for the id, and whatever it has is here.
    pub(super) is_whole: bool,
    pub(super) cover: Cover,
}

impl Record for Exact {
    fn plain(&self) -> &Plain {
        &self.plain
    }
}

/// The second until which a record is kept. What expires after 2106 never does.
pub(super) fn seconds(expires_at: Timestamp) -> u32 {
    expires_at.as_secs_ceil().try_into().unwrap_or(u32::MAX)
}

impl<R: Record> Shelves<R> {
    pub(super) fn find(&self, id: &RevocationId) -> Option<&R> {
        self.shelves.get(shelf_of(id))?.get(key(key_bytes(id)))
    }

    pub(super) fn find_mut(&mut self, id: &RevocationId) -> Option<&mut R> {
        self.shelves.get_mut(shelf_of(id))?.get_mut(key(key_bytes(id)))
    }

    /// Puts a record in its place, where there is none with this id yet.
    pub(super) fn insert(&mut self, id: &RevocationId, record: R, now: Timestamp) {
        if self.shelves.is_empty() {
            self.shelves.resize_with(SHELVES, || Shelf::EMPTY);
        }
        self.shelves[shelf_of(id)].insert(record, now);
    }

    /// Removes the record with this id, if there is one.
    pub(super) fn remove(&mut self, id: &RevocationId) {
        if self.find(id).is_some() {
            let key = key(key_bytes(id));
            self.shelves[shelf_of(id)].retain(|record| record.key() != key);
        }
    }

    /// Removes what has expired from the next `count` shelves.
    pub(super) fn sweep(&mut self, count: usize, now: Timestamp) {
        for _ in 0..count.min(self.shelves.len()) {
            self.shelves[self.hand].purge(now);
            self.hand = (self.hand + 1) % SHELVES;
        }
    }

    /// Calls `each` with what is in a slice, a mutable record and as much of its id as is known, and keeps it if that says so.
    pub(super) fn retain(&mut self, slice: Slice, mut each: impl FnMut(&RevocationId, &mut R) -> bool) {
        let shelves = SHELVES / usize::from(Slice::COUNT);
        let first = usize::from(slice.get()) * shelves;
        for (at, shelf) in self.shelves.iter_mut().enumerate().skip(first).take(shelves) {
            shelf.retain(|record| each(&record.plain().id(at), record));
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

fn key_bytes(id: &RevocationId) -> [u8; 9] {
    let [_, b, c, d, e, f, g, h, i, .., last] = *id.as_bytes();
    [b, c, d, e, f, g, h, i, last]
}

/// Little-endian, as the machine is: the order is nobody's business.
fn key([b, c, d, e, f, g, h, i, last]: [u8; 9]) -> Key {
    Key(u64::from_le_bytes([b, c, d, e, f, g, h, i]), last)
}
