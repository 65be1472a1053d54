use std::collections::HashSet;

use quash_core::Revocation;

use super::read::Answer;

/// A row, and the number of its last change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) number: u64,
    pub(super) row: Revocation,
}

/// The answer of a head that was read last: of the next one, only what is new has to travel, and that is mostly nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tail {
    /// `None` before anything was read.
    read: Option<(u64, u64)>,
    /// In the order of their numbers.
    rows: Vec<Numbered>,
}

impl Tail {
    pub(super) fn rows(&self) -> impl Iterator<Item = Revocation> {
        self.rows.iter().map(|numbered| numbered.row)
    }

    /// The epoch and the number up to which it has been read, as the script takes them.
    pub(super) fn asked_by(&self) -> [String; 2] {
        let (epoch, to) = self.read.map_or_else(Default::default, |(epoch, to)| (format!("{epoch:016x}"), to));
        [epoch, to.to_string()]
    }

    /// All rows of the part that `answer` is about, where this is what its asker had read. A row whose number is in here still
    /// has it, unless it is in the answer under a new one, or has expired: numbers of one epoch never mean something else.
    pub(super) fn extend(&self, answer: &Answer) -> Self {
        let moved: HashSet<_> = answer.rows.iter().map(|numbered| numbered.row.id).collect();
        let is_kept = |Numbered { number, row }: &Numbered| {
            answer.span.from < *number && *number <= answer.since && !moved.contains(&row.id)
        };
        let kept = self.rows.iter().copied().filter(is_kept);
        let is_live = |numbered: &Numbered| numbered.row.expires_at > answer.now;
        let rows = kept.chain(answer.rows.iter().copied()).filter(is_live).collect();
        Self { read: Some((answer.epoch, answer.span.to)), rows }
    }
}

#[cfg(test)]
mod tests {
    use quash_core::{Cover, Cutoff, Reason, RevocationId, Timestamp, ledger::Span};

    use super::*;

    fn numbered(number: u64, id: u8, expires_at: u64) -> Numbered {
        let row = Revocation {
            id: RevocationId::from_bytes([id; 16]),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: Timestamp::from_secs(expires_at),
            revoked_at: Timestamp::from_secs(1),
            reason: Reason::Logout,
        };
        Numbered { number, row }
    }

    fn answer(from: u64, since: u64, to: u64, rows: Vec<Numbered>) -> Answer {
        Answer { epoch: 7, span: Span { from, to }, head: to, since, now: Timestamp::from_secs(10), rows }
    }

    #[test]
    fn what_was_read_is_kept_unless_it_has_moved_expired_or_left_the_span() {
        assert_eq!(Tail::default().asked_by(), ["", "0"]);
        let rows = vec![numbered(1, 1, 99), numbered(2, 2, 99), numbered(3, 3, 11), numbered(4, 4, 99)];
        let tail = Tail::default().extend(&answer(0, 0, 4, rows));
        assert_eq!((tail.asked_by(), tail.rows.len()), (["0000000000000007".into(), "4".into()], 4));
        let mut next = answer(1, 4, 5, vec![numbered(5, 2, 99)]);
        next.now = Timestamp::from_secs(11);
        assert_eq!(tail.extend(&next).rows, [numbered(4, 4, 99), numbered(5, 2, 99)]);
        // A log that went back has nothing in common with what was read of it.
        assert_eq!(tail.extend(&answer(0, 0, 1, vec![numbered(1, 9, 99)])).rows, [numbered(1, 9, 99)]);
    }
}
