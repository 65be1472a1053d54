use std::rc::Rc;

use quash_core::{Timestamp, follower::Read, ledger::Part};

/// How many copies a data centre keeps.
const COPIES: usize = 96;

/// How long it keeps a page, in milliseconds.
const PAGE_KEPT: u64 = 300_000;

/// A data centre's cache.
#[derive(Default)]
pub(crate) struct Cache {
    copies: Vec<Copy>,
}

struct Copy {
    shard: u8,
    part: Part,
    /// A page's name has its log's epoch in it.
    epoch: Option<u64>,
    until: u64,
    bytes: Rc<[u8]>,
    /// By the clock of whoever asked.
    asked_at: Timestamp,
}

impl Cache {
    pub(crate) fn find(&self, read: &Read, now: u64) -> Option<(&Rc<[u8]>, Timestamp)> {
        let copy = self.copies.iter().find(|copy| copy.is_of(read))?;
        (copy.until > now).then_some((&copy.bytes, copy.asked_at))
    }

    /// The last one that is put stays, whichever was asked for later.
    pub(crate) fn put(&mut self, read: &Read, bytes: Rc<[u8]>, bound: u64, now: u64) {
        self.copies.retain(|copy| !copy.is_of(read));
        if self.copies.len() == COPIES {
            self.copies.remove(0);
        }
        let (epoch, kept) = if read.part == Part::Head { (None, bound) } else { (read.epoch, PAGE_KEPT) };
        let (shard, part, asked_at) = (read.shard, read.part, read.asked_at);
        self.copies.push(Copy { shard, part, epoch, until: now + kept, bytes, asked_at });
    }
}

impl Copy {
    fn is_of(&self, read: &Read) -> bool {
        let epoch = if read.part == Part::Head { None } else { read.epoch };
        (self.shard, self.part, self.epoch) == (read.shard, read.part, epoch)
    }
}
