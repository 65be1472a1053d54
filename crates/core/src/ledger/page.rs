/// How many numbers of a log are on a page: page `n` has those from `n * PAGE + 1` to `(n + 1) * PAGE`.
///
/// The head's answer then has 1024 to 2048 rows at most, 25 to 50 KB, and a follower that has missed a thousand revocations
/// needs nothing else.
///
/// Changing this needs a new version of [`Delta`](crate::ledger::Delta): ledger and follower must cut alike.
pub const PAGE: u64 = 1024;

/// The most rows of one answer: about 400 KB. Not less than the 2048 that the head's may have.
pub const MAX_ROWS: usize = 16_384;

/// A part of a shard's log that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// What a follower in step needs: everything since the start of the last page but one.
    Head,
    /// What one needs that is behind, or new: this page, if it is full, and as many of the full ones after it as an answer
    /// can hold. Rows expire, so that one answer may well hold all that is left of a million numbers.
    Page(u64),
    /// One of the segments that stand for all pages up to a number, for one that would have to read too many of them.
    Segment {
        /// The number: that of their [`Edition`].
        seq: u64,
        /// Which of them.
        slice: u8,
    },
}

/// The segments that a shard has published last: who has read all of them has read its log up to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edition {
    /// That number.
    pub seq: u64,
    /// Which [slices](crate::segment::Slice) there are, the first one's bit is the lowest; the others are empty.
    pub slices: u64,
}

/// A range of a log: numbers above `from`, up to `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The last number before it.
    pub from: u64,
    /// The last one in it.
    pub to: u64,
}

impl Part {
    /// The page that a follower at `position` needs next.
    pub fn after(position: u64) -> Self {
        Self::Page(position / PAGE)
    }

    /// What an answer is about when the log's head is `head`. A page that is not full yet does not exist: who asks for one
    /// gets the head, which says where the log is.
    ///
    /// A ledger reads `MAX_ROWS + 1` rows of it, in order. If there are as many, the answer ends [before](Span::before) the
    /// last of them, which is not in it.
    pub fn span(self, head: u64) -> Span {
        let full = head / PAGE;
        match self {
            Self::Page(page) if page < full => Span { from: page * PAGE, to: full * PAGE },
            _ => Span { from: (head.saturating_sub(1) / PAGE).saturating_sub(1) * PAGE, to: head },
        }
    }
}

impl Span {
    /// As much of it as ends with a page, before the one that `seq` is on.
    #[must_use]
    pub fn before(self, seq: u64) -> Self {
        Self { to: seq.saturating_sub(1) / PAGE * PAGE, ..self }
    }

    /// Whether a row of this number is in it.
    pub fn contains(self, seq: u64) -> bool {
        self.from < seq && seq <= self.to
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_head_begins_with_the_last_page_but_one() {
        for (head, from) in [(0, 0), (1, 0), (1024, 0), (1025, 0), (2048, 0), (2049, 1024), (3072, 1024), (3073, 2048)]
        {
            assert_eq!(Part::Head.span(head), Span { from, to: head }, "{head}");
        }
    }

    #[test]
    fn a_page_goes_on_to_the_last_full_one() {
        assert_eq!(Part::Page(0).span(1024), Span { from: 0, to: 1024 });
        assert_eq!(Part::Page(1).span(5000), Span { from: 1024, to: 4096 });
        for (page, head) in [(0, 0), (0, 1023), (4, 5000), (u64::MAX, 5000)] {
            assert_eq!(Part::Page(page).span(head), Part::Head.span(head), "{page} of {head}");
        }
    }

    #[test]
    fn an_answer_that_is_too_long_ends_with_a_page() {
        let span = Span { from: 1024, to: 8192 };
        for (seq, to) in [(2049, 2048), (3072, 2048), (3073, 3072), (3074, 3072)] {
            assert_eq!(span.before(seq), Span { from: 1024, to }, "{seq}");
        }
    }

    proptest! {
        /// From anywhere, pages lead to the head, however few rows an answer holds.
        #[test]
        fn pages_lead_to_the_head(position in 0..50_000u64, head in 0..50_000u64, full in 0..9u64) {
            let mut position = position.min(head);
            let target = Part::Head.span(head);
            let mut steps = 0;
            while position < target.from {
                let mut span = Part::after(position).span(head);
                // As if a row on the page after `full` others were one too many.
                let seq = span.from + PAGE * (full + 1) + 1;
                if span.contains(seq) {
                    span = span.before(seq);
                }
                prop_assert!(span.from <= position && position < span.to, "{position} {span:?}");
                position = span.to;
                steps += 1;
            }
            prop_assert!(steps <= 50 && !(full > 49 && steps > 1));
            prop_assert!(target.to - target.from <= 2 * PAGE && 2 * PAGE <= MAX_ROWS as u64);
        }
    }
}
