use crate::{
    Timestamp,
    ledger::{Edition, Header, PAGE, Part, Span},
};

/// By how many numbers one that is behind has to be to read segments: the rows of as many are 1.6 MB at most. One that has read
/// nothing reads them in any case, or what it has would be larger than that of all others.
const FAR: u64 = 64 * PAGE;

/// How far the log of one shard has been read.
///
/// What has been read of a log is whole when it goes up to the highest head that was told. For take any row that the log had
/// when an answer was made, at most at that answer's head. The part that it was on has been read; if it was not found there,
/// it had moved up by then, to no more than the head which that answer told, and so to another part that has been read. An edition
/// of segments is such a part, from the log's first number to its own: a row that was there when its building began was found by
/// its id, wherever it had moved to.
pub(super) struct Position {
    epoch: Option<u64>,
    /// Everything up to this number has been read.
    reached: u64,
    /// And this, which lies higher, as the head does for one that is behind.
    held: Option<Span>,
    /// The highest head that was told.
    head: u64,
    /// When that was learned.
    learned_at: Timestamp,
    /// When the last answer was asked for.
    asked_at: Timestamp,
    synced_at: Option<Timestamp>,
    /// How often it began again: from then on its numbers mean something else.
    resets: u32,
}

/// What comes after an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing: the log has been read.
    Done,
    /// This is missing.
    Read(Part),
    /// These segments are.
    Load(Edition),
    /// What is missing lies above the head that was read: a copy of it was too old.
    ReadHead,
    /// The answer says nothing that can be used.
    Nothing,
}

impl Position {
    pub(super) const UNREAD: Self = Self {
        epoch: None,
        reached: 0,
        held: None,
        head: 0,
        learned_at: Timestamp::from_millis(0),
        asked_at: Timestamp::from_millis(0),
        synced_at: None,
        resets: 0,
    };

    pub(super) fn epoch(&self) -> Option<u64> {
        self.epoch
    }

    pub(super) fn resets(&self) -> u32 {
        self.resets
    }

    /// Up to which number everything has been read.
    pub(super) fn reached(&self) -> u64 {
        self.reached
    }

    /// As of when everything is known; `None` if it never was.
    pub(super) fn synced_at(&self) -> Option<Timestamp> {
        self.synced_at
    }

    /// Takes note of an answer whose rows have been added. It was not asked for before `asked_at`: what was durable then was in
    /// the log that it tells of.
    pub(super) fn advance(&mut self, header: &Header, asked_at: Timestamp, now: Timestamp) -> Next {
        let (is_later, reached) = (asked_at > self.learned_at, self.reached);
        if self.epoch != Some(header.epoch) {
            // An old copy, or one answer overtook another, from before an epoch or after: the next one will tell.
            if self.epoch.is_some() && !is_later {
                return Next::Nothing;
            }
            self.begin(Some(header.epoch));
        } else if header.head < self.head && is_later {
            // The log went back, so its numbers mean something else now.
            self.begin(self.epoch);
        }
        if header.head >= self.head {
            self.head = header.head;
            self.learned_at = now;
        }
        self.asked_at = self.asked_at.max(asked_at);
        let span = header.span;
        if span.from <= self.reached {
            self.reached = self.reached.max(span.to);
        } else if self.held.is_none_or(|held| held.to <= span.to) {
            self.held = Some(span);
        }
        self.reach(self.reached);
        let edition = header.edition.filter(|edition| edition.seq > self.reached);
        if let Some(edition) = edition.filter(|edition| self.reached == 0 || edition.seq - self.reached > FAR) {
            return Next::Load(edition);
        }
        match self.next() {
            // A part that leads nowhere would be read for ever.
            Next::Read(_) if span.from <= reached && self.reached == reached => Next::Nothing,
            next => next,
        }
    }

    /// All of these segments have been read.
    pub(super) fn loaded(&mut self, edition: Edition) -> Next {
        self.reach(edition.seq);
        self.next()
    }

    /// Everything has been read up to this number, and perhaps farther.
    fn reach(&mut self, seq: u64) {
        self.reached = self.reached.max(seq);
        if let Some(held) = self.held.take_if(|held| held.from <= self.reached) {
            self.reached = self.reached.max(held.to);
        }
    }

    fn next(&mut self) -> Next {
        if self.reached >= self.head {
            self.synced_at = self.synced_at.max(Some(self.asked_at));
            return Next::Done;
        }
        match self.held {
            Some(_) => Next::Read(Part::after(self.reached)),
            None => Next::ReadHead,
        }
    }

    /// The clock was set back. If it was by so much that something alive may have been taken for expired, everything has to
    /// be read again.
    pub(super) fn distrust(&mut self, has_lost: bool, now: Timestamp) {
        if has_lost {
            self.begin(self.epoch);
        }
        self.synced_at = None;
        self.asked_at = Timestamp::from_millis(0);
        self.learned_at = now;
    }

    /// Begins with the log's first number. When everything was last known remains what it is: nothing that is known goes.
    fn begin(&mut self, epoch: Option<u64>) {
        let (synced_at, learned_at, resets) = (self.synced_at, self.learned_at, self.resets.wrapping_add(1));
        *self = Self { epoch, synced_at, learned_at, resets, ..Self::UNREAD };
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::{BTreeMap, BTreeSet},
        vec::Vec,
    };

    use proptest::{collection, prelude::*};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn header(epoch: u64, from: u64, to: u64, head: u64) -> Header {
        Header { shard: 1, epoch, span: Span { from, to }, head, edition: None, history: None }
    }

    #[test]
    fn one_in_step_reads_the_head_and_nothing_else() {
        let mut position = Position::UNREAD;
        assert_eq!(position.advance(&header(7, 0, 5, 5), at(10), at(20)), Next::Done);
        assert_eq!((position.synced_at(), position.epoch()), (Some(at(10)), Some(7)));
        assert_eq!(position.advance(&header(7, 0, 1500, 1500), at(30), at(40)), Next::Done);
        assert_eq!(position.advance(&header(7, 1024, 3000, 3000), at(50), at(60)), Next::Done);
        assert_eq!(position.synced_at(), Some(at(50)));
    }

    #[test]
    fn a_gap_is_filled_before_anything_counts() {
        let mut position = Position::UNREAD;
        position.advance(&header(7, 0, 5, 5), at(10), at(20));
        let head = header(7, 4096, 6000, 6000);
        assert_eq!(position.advance(&head, at(30), at(40)), Next::Read(Part::Page(0)));
        assert_eq!(position.advance(&header(7, 0, 2048, 6000), at(50), at(60)), Next::Read(Part::Page(2)));
        assert_eq!(position.synced_at(), Some(at(10)));
        // It was made later: what moved meanwhile is above the head that was read.
        assert_eq!(position.advance(&header(7, 2048, 4096, 6001), at(70), at(80)), Next::ReadHead);
        assert_eq!(position.synced_at(), Some(at(10)));
        assert_eq!(position.advance(&header(7, 4096, 6001, 6001), at(90), at(100)), Next::Done);
        assert_eq!(position.synced_at(), Some(at(90)));
    }

    #[test]
    fn of_two_heads_the_higher_one_is_held() {
        let (low, high) = (header(7, 4096, 6000, 6000), header(7, 5120, 7000, 7000));
        for heads in [[&low, &high], [&high, &low]] {
            let mut position = Position::UNREAD;
            for head in heads {
                position.advance(head, at(10), at(20));
            }
            assert_eq!(position.advance(&header(7, 0, 5120, 7000), at(30), at(40)), Next::Done);
        }
    }

    #[test]
    fn a_part_that_leads_nowhere_is_not_read_again() {
        let mut position = Position::UNREAD;
        assert_eq!(position.advance(&header(7, 4096, 6000, 6000), at(10), at(20)), Next::Read(Part::Page(0)));
        assert_eq!(position.advance(&header(7, 0, 0, 6000), at(30), at(40)), Next::Nothing);
    }

    #[test]
    fn another_epoch_begins_again() {
        let mut position = Position::UNREAD;
        position.advance(&header(7, 0, 900, 900), at(10), at(20));
        // Asked for before ours was known: it may be older.
        assert_eq!(position.advance(&header(8, 0, 3, 3), at(20), at(30)), Next::Nothing);
        assert_eq!((position.epoch(), position.synced_at()), (Some(7), Some(at(10))));
        assert_eq!(position.advance(&header(8, 2048, 3500, 3500), at(40), at(50)), Next::Read(Part::Page(0)));
        assert_eq!((position.epoch(), position.synced_at()), (Some(8), Some(at(10))));
        assert_eq!(position.advance(&header(8, 0, 2048, 3500), at(60), at(70)), Next::Done);
        assert_eq!(position.synced_at(), Some(at(60)));
    }

    #[test]
    fn a_log_that_went_back_begins_again_and_an_answer_that_was_overtaken_does_not() {
        let mut position = Position::UNREAD;
        position.advance(&header(7, 1024, 3000, 3000), at(10), at(20));
        position.advance(&header(7, 0, 2048, 3000), at(30), at(40));
        // It was on its way before the head of 3000 was known.
        assert_eq!(position.advance(&header(7, 1024, 2990, 2990), at(35), at(50)), Next::Done);
        assert_eq!(position.synced_at(), Some(at(35)));
        assert_eq!(position.advance(&header(7, 1024, 2990, 2990), at(60), at(70)), Next::Read(Part::Page(0)));
        assert_eq!(position.synced_at(), Some(at(35)));
    }

    #[test]
    fn a_clock_that_is_set_back_takes_the_time_away_and_if_far_the_place_too() {
        let read = |has_lost| {
            let mut position = Position::UNREAD;
            position.advance(&header(7, 1024, 3000, 3000), at(90_000), at(90_010));
            position.advance(&header(7, 0, 2048, 3000), at(90_020), at(90_030));
            position.distrust(has_lost, at(20));
            assert_eq!(position.synced_at(), None);
            position.advance(&header(7, 1024, 3000, 3000), at(30), at(40))
        };
        assert_eq!([read(false), read(true)], [Next::Done, Next::Read(Part::Page(0))]);
    }

    #[derive(Clone, Debug)]
    enum Event {
        /// A row of this id is written, after so many others that have gone since.
        Write { id: u8, skipped: u64 },
        /// The ledger answers; it arrives so many events later.
        Answer { page: Option<prop::sample::Index>, late: usize },
        /// An answer that was once made arrives, from the cache.
        Copy { which: prop::sample::Index },
    }

    fn event() -> impl Strategy<Value = Event> {
        let page = prop::option::weighted(0.7, any::<prop::sample::Index>());
        prop_oneof![
            3 => (0..20u8, 0..1500u64).prop_map(|(id, skipped)| Event::Write { id, skipped }),
            4 => (page, 0..4usize).prop_map(|(page, late)| Event::Answer { page, late }),
            1 => any::<prop::sample::Index>().prop_map(|which| Event::Copy { which }),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        /// Whatever is read, in whatever order, late or twice: what counts as known by a time was read.
        #[test]
        fn what_counts_is_known(events in collection::vec(event(), 1..80)) {
            // The log: the number of each id's row, and when it was first written. An event takes a millisecond.
            let (mut log, mut written, mut head) = (BTreeMap::new(), BTreeMap::new(), 0);
            let (mut position, mut known) = (Position::UNREAD, BTreeSet::new());
            let (mut answers, mut under_way) = (std::vec![], std::vec![]);
            for (index, event) in events.into_iter().enumerate() {
                let now = at(100 + index as u64);
                match event {
                    Event::Write { id, skipped } => {
                        head += 1 + skipped;
                        log.insert(id, head);
                        written.entry(id).or_insert(now);
                    }
                    Event::Answer { page, late } => {
                        let part = page.map_or(Part::Head, |page| Part::Page(page.index(head as usize / 1024 + 1) as u64));
                        let span = part.span(head);
                        let ids: Vec<u8> = log.iter().filter(|(_, seq)| span.contains(**seq)).map(|(id, _)| *id).collect();
                        answers.push((header(7, span.from, span.to, head), ids, now));
                        under_way.push((index + late, answers.len() - 1));
                    }
                    Event::Copy { which } if !answers.is_empty() => under_way.push((index, which.index(answers.len()))),
                    Event::Copy { .. } => {}
                }
                for (_, which) in under_way.extract_if(.., |(due, _)| *due <= index) {
                    let (header, ids, asked_at) = &answers[which];
                    known.extend(ids.iter().copied());
                    position.advance(header, *asked_at, now);
                    prop_assert!(position.synced_at() <= Some(now));
                    let missing = written.iter().find(|(id, at)| Some(**at) <= position.synced_at() && !known.contains(*id));
                    prop_assert_eq!(missing, None);
                }
            }
        }
    }
}
