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
    /// None until the first one comes.
    slices: Vec<Option<Segment>>,
    /// Epoch and number of the last edition of which all have been read.
    edition: Option<(u64, u64)>,
}

/// An edition on its way. What has come of it is used already.
pub(super) struct Load {
    pub(super) epoch: u64,
    pub(super) edition: Edition,
    /// A bit for each slice: those that were asked for, those that are there, and those of which a copy will not do.
    asked: u64,
    here: u64,
    direct: u64,
}

impl Segments {
    /// The number of the one that says that an id may be revoked.
    pub(super) fn find(&self, id: &RevocationId) -> Option<u64> {
        let segment = self.slices.get(usize::from(Slice::of(id).get()))?.as_ref()?;
        segment.contains(id).then(|| segment.snapshot().seq)
    }

    /// Whether an edition has something new to say.
    pub(super) fn is_older(&self, epoch: u64, edition: Edition) -> bool {
        self.edition.is_none_or(|(known, seq)| known != epoch || seq < edition.seq)
    }

    /// Up to which number of a log they have all that is in a slice.
    pub(super) fn reach(&self, epoch: u64, slice: Slice) -> u64 {
        let known = self.slices.get(usize::from(slice.get())).and_then(Option::as_ref).map(Segment::snapshot);
        let segment = known.map(|snapshot| (snapshot.epoch, snapshot.seq));
        let numbers = [segment, self.edition].into_iter().flatten();
        numbers.filter(|(known, _)| *known == epoch).map(|(_, seq)| seq).max().unwrap_or(0)
    }

    /// How many ids they have.
    pub(super) fn len(&self) -> usize {
        self.slices.iter().flatten().map(Segment::len).sum()
    }

    /// Puts one in the place of an earlier one. Of a later one, only some of whose edition came, nothing is taken back.
    pub(super) fn put(&mut self, segment: Segment) {
        if self.slices.is_empty() {
            self.slices.resize_with(usize::from(Slice::COUNT), || None);
        }
        let new = *segment.snapshot();
        let known = &mut self.slices[usize::from(new.slice.get())];
        let is_later = |known: &Segment| known.snapshot().epoch == new.epoch && known.snapshot().seq > new.seq;
        if !known.as_ref().is_some_and(is_later) {
            *known = Some(segment);
        }
    }

    /// All of an edition have been put.
    pub(super) fn complete(&mut self, epoch: u64, edition: Edition) {
        for (slice, known) in self.slices.iter_mut().enumerate() {
            // It has nothing of these, so what an earlier one has is dead.
            let is_earlier = |known: &Segment| known.snapshot().epoch != epoch || known.snapshot().seq < edition.seq;
            if edition.slices >> slice & 1 == 0 && known.as_ref().is_some_and(is_earlier) {
                *known = None;
            }
        }
        self.edition = Some((epoch, edition.seq));
    }
}

impl Load {
    pub(super) fn new(epoch: u64, edition: Edition) -> Self {
        Self { epoch, edition, asked: 0, here: 0, direct: 0 }
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
