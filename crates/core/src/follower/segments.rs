use alloc::vec::Vec;

use crate::{
    RevocationId,
    ledger::Edition,
    segment::{Segment, Slice},
};

/// How many segments are read at once.
const AT_ONCE: u32 = 6;

/// The segments of a shard that have been read: of each slice the last one.
#[derive(Default)]
pub(super) struct Segments {
    /// None until the first one comes. Each with how often the log had begun again: of before, its number means nothing.
    slices: Vec<Option<(u32, Segment)>>,
    /// The last edition of which all have been read: the same, and its number.
    edition: Option<(u32, u64)>,
}

/// An edition on its way. What has come of it is used already.
pub(super) struct Load {
    pub(super) edition: Edition,
    /// A bit for each slice: those that were asked for, those that are there, and those of which a copy will not do.
    asked: u64,
    here: u64,
    direct: u64,
}

impl Segments {
    /// The one that says that an id may be revoked.
    pub(super) fn find(&self, id: &RevocationId) -> Option<&Segment> {
        let (_, segment) = self.slices.get(usize::from(Slice::of(id).get()))?.as_ref()?;
        segment.contains(id).then_some(segment)
    }

    /// Whether an edition has something new to say.
    pub(super) fn is_older(&self, resets: u32, edition: Edition) -> bool {
        self.edition.is_none_or(|(known, seq)| known != resets || seq < edition.seq)
    }

    /// Which slices are there of an edition.
    pub(super) fn of(&self, resets: u32, seq: u64) -> u64 {
        let is_of = |known: &(u32, Segment)| known.0 == resets && known.1.snapshot().seq == seq;
        let slices = (0..).zip(&self.slices).filter(|(_, known)| known.as_ref().is_some_and(is_of));
        slices.map(|(slice, _)| 1u64 << slice).sum()
    }

    /// Up to which number of a log they have all that is in a slice.
    pub(super) fn reach(&self, resets: u32, slice: Slice) -> u64 {
        let known = self.slices.get(usize::from(slice.get())).and_then(Option::as_ref);
        let segment = known.map(|(resets, segment)| (*resets, segment.snapshot().seq));
        let numbers = [segment, self.edition].into_iter().flatten();
        numbers.filter(|(known, _)| *known == resets).map(|(_, seq)| seq).max().unwrap_or(0)
    }

    /// Whether none have ever been read.
    pub(super) fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }

    /// How many ids they have.
    pub(super) fn len(&self) -> usize {
        self.slices.iter().flatten().map(|(_, segment)| segment.len()).sum()
    }

    /// Puts one in the place of an earlier one; of its edition there are so many. Of a later one, only some of whose edition came, nothing is
    /// taken back.
    pub(super) fn put(&mut self, resets: u32, segment: Segment, of: u32) {
        if self.slices.is_empty() {
            self.slices.resize_with(usize::from(Slice::COUNT), || None);
            make_room((of as usize).saturating_sub(1) * segment.as_bytes().len());
        }
        let new = *segment.snapshot();
        let known = &mut self.slices[usize::from(new.slice.get())];
        if !known.as_ref().is_some_and(|known| known.0 == resets && known.1.snapshot().seq > new.seq) {
            *known = Some((resets, segment));
        }
    }

    /// All of an edition have been put.
    pub(super) fn complete(&mut self, resets: u32, edition: Edition) {
        for (slice, known) in self.slices.iter_mut().enumerate() {
            // It has nothing of these, so what an earlier one has is dead.
            let is_earlier = |known: &(u32, Segment)| known.0 != resets || known.1.snapshot().seq < edition.seq;
            if edition.slices >> slice & 1 == 0 && known.as_ref().is_some_and(is_earlier) {
                *known = None;
            }
        }
        self.edition = Some((resets, edition.seq));
    }
}

/// Has the allocator get so many bytes at once, for the others, which are about as long. One that grows a memory of WebAssembly for each
/// by itself leaves up to a page behind each, and none of these holes fits a segment that is replaced: ten million ids took 28 MB, where
/// 22 will do.
fn make_room(bytes: usize) {
    let mut room = Vec::<u8>::new();
    if room.try_reserve_exact(bytes).is_ok() {
        core::hint::black_box(room);
    }
}

impl Load {
    /// Some may be there already. One is read in any case: with the last one a load ends.
    pub(super) fn new(edition: Edition, there: u64) -> Self {
        let others = edition.slices & edition.slices.wrapping_sub(1);
        let here = there & others;
        Self { edition, asked: here, here, direct: 0 }
    }

    /// The next slice to ask for, and whether a copy will not do; `None` while enough are under way.
    pub(super) fn next(&mut self) -> Option<(u8, bool)> {
        let open = self.edition.slices & !self.asked;
        if open == 0 || (self.asked & !self.here).count_ones() >= AT_ONCE {
            return None;
        }
        let slice = open.trailing_zeros();
        self.asked |= 1 << slice;
        Some((slice as u8, self.direct >> slice & 1 == 1))
    }

    /// Whatever was asked for and has not come has to be asked for again.
    pub(super) fn ask_again(&mut self) {
        self.asked = self.here;
    }

    /// The copy of one will not do.
    pub(super) fn ask_directly(&mut self, slice: u8) {
        self.direct |= 1 << slice;
        self.asked &= !(1 << slice);
    }

    /// One is there. Whether all are.
    pub(super) fn has_come(&mut self, slice: u8) -> bool {
        self.here |= 1 << slice;
        self.asked |= 1 << slice;
        self.here == self.edition.slices
    }

    pub(super) fn lacks(&self, slice: u8) -> bool {
        (self.edition.slices & !self.here).checked_shr(slice.into()).is_some_and(|rest| rest & 1 == 1)
    }
}
