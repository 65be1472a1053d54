use alloc::vec::Vec;

use thiserror::Error;

use super::{
    Edition, ShardHistory, Span,
    row::{self, read_number, take},
};
use crate::{Revocation, Timestamp};

/// Starts each delta: what it is, and the version of its form.
const MAGIC: [u8; 4] = *b"QLD\x01";

/// In the time at which a ledger began: that it is [pinned](ShardHistory::pinned).
const PINNED: u64 = 1 << 39;

/// A part of a shard's log, as it travels.
///
/// ```text
/// magic     4 bytes: "QLD", version 1
/// shard     1
/// epoch     8
/// from      8
/// to        8
/// head      8
/// edition   8: the number of the segments that were published last; 0 if there are none
/// slices    8: which of them there are, a bit for each
/// counts    1: how many, then 1 for each: the history of shard counts, of the root; of others there are none
/// since     5: of the root only, when the ledger began, in seconds since the epoch, rounded up; 0 if it does not say. The highest
///              bit: whether the history is pinned
/// rows      4: how many, then the rows
/// ```
///
/// Big-endian, and nothing after it. There is one spelling of each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta<'a> {
    /// What it is about.
    pub header: Header,
    /// The rows, in the order of their numbers.
    pub rows: Rows<'a>,
}

/// What a [`Delta`] is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which shard's it is.
    pub shard: u8,
    /// Which storage of the shard: drawn at random with it.
    pub epoch: u64,
    /// Which numbers it is about: it has the row of every one of them that there is.
    pub span: Span,
    /// The log's head when it was made. More follows when the span ends before that.
    pub head: u64,
    /// The segments that stand for all rows up to a number, if any were published.
    pub edition: Option<Edition>,
    /// How many shards there are and were: said by the root, and by no other.
    pub history: Option<ShardHistory>,
}

/// The rows of a [`Delta`], read one by one: together they would take four times the space.
///
/// Times are in seconds: `expires_at` was rounded up, `revoked_at` down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows<'a> {
    bytes: &'a [u8],
    count: u32,
}

/// Bytes that are no delta. Nothing is known then, so it must be taken for an outage of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidDelta {
    /// Something else, or a version that is not known.
    #[error("not a delta of a known version")]
    Magic,
    /// It ends too early.
    #[error("the delta is cut short")]
    Truncated,
    /// It does not end where it should.
    #[error("something follows the delta")]
    Trailing,
    /// Its numbers are in no order.
    #[error("the delta's numbers are in no order")]
    Span,
    /// Segments with a number that the log does not have, or none with a number.
    #[error("the delta's edition of segments is none")]
    Edition,
    /// A root's history that does not rise, or one that is not a root's, or a root without one.
    #[error("the delta's history of shards is none")]
    History,
    /// A row has no meaning, or a second spelling.
    #[error("a row of the delta cannot be read")]
    Row,
}

impl<'a> Delta<'a> {
    /// Reads a delta, all of it: what comes back has no row that cannot be read.
    ///
    /// # Errors
    /// [`InvalidDelta`] when it is anything that [`Header::write`] does not write, here or, as for a reason, in a later
    /// version.
    pub fn parse(mut bytes: &'a [u8]) -> Result<Self, InvalidDelta> {
        let bytes = &mut bytes;
        if take(bytes) != Ok(MAGIC) {
            return Err(InvalidDelta::Magic);
        }
        let [shard] = take(bytes)?;
        let mut number = || take(bytes).map(u64::from_be_bytes);
        let (epoch, from, to, head) = (number()?, number()?, number()?, number()?);
        if from > to || to > head {
            return Err(InvalidDelta::Span);
        }
        let edition = Edition { seq: number()?, slices: number()? };
        if (edition.seq == 0) != (edition.slices == 0) || edition.seq > head {
            return Err(InvalidDelta::Edition);
        }
        let edition = Some(edition).filter(|edition| edition.seq > 0);
        let [counts] = take(bytes)?;
        let (counts, rest) = bytes.split_at_checked(usize::from(counts)).ok_or(InvalidDelta::Truncated)?;
        *bytes = rest;
        let mut history = ShardHistory::from_counts(counts);
        if let Some(counts) = history.take() {
            let since = read_number::<5>(bytes)?;
            let counts = if since & PINNED == 0 { counts } else { counts.pinned() };
            let since = since & !PINNED;
            history = Some(if since == 0 { counts } else { counts.begun(Timestamp::from_secs(since)) });
        }
        let is_as_it_should = if shard == 0 { history.is_some() } else { counts.is_empty() };
        if !is_as_it_should {
            return Err(InvalidDelta::History);
        }
        let count = u32::from_be_bytes(take(bytes)?);
        if u64::from(count) > to - from {
            return Err(InvalidDelta::Span);
        }
        let rows = Rows { bytes, count };
        for _ in 0..count {
            row::read(bytes)?;
        }
        if !bytes.is_empty() {
            return Err(InvalidDelta::Trailing);
        }
        Ok(Self { header: Header { shard, epoch, span: Span { from, to }, head, edition, history }, rows })
    }
}

impl Header {
    /// The bytes of a delta with these rows.
    pub fn write<'r>(&self, rows: impl IntoIterator<Item = &'r Revocation>) -> Vec<u8> {
        let mut bytes = Vec::from(MAGIC);
        bytes.push(self.shard);
        let Edition { seq, slices } = self.edition.unwrap_or(Edition { seq: 0, slices: 0 });
        for number in [self.epoch, self.span.from, self.span.to, self.head, seq, slices] {
            bytes.extend(number.to_be_bytes());
        }
        let counts = self.history.as_ref().map_or(&[][..], ShardHistory::as_slice);
        // They rise within a byte, so there are 255 at most.
        bytes.push(counts.len() as u8);
        bytes.extend(counts.iter().map(|count| count.get()));
        if let Some(history) = &self.history {
            let since = history.since().map_or(0, Timestamp::as_secs_ceil);
            let pinned = if history.is_pinned() { PINNED } else { 0 };
            bytes.extend(&(since.min(PINNED - 1) | pinned).to_be_bytes()[3..]);
        }
        let start = bytes.len();
        bytes.extend([0; 4]);
        let mut count = 0u32;
        for row in rows {
            row::write(row, &mut bytes);
            count += 1;
        }
        bytes[start..start + 4].copy_from_slice(&count.to_be_bytes());
        bytes
    }
}

impl Iterator for Rows<'_> {
    type Item = Revocation;

    fn next(&mut self) -> Option<Revocation> {
        self.count = self.count.checked_sub(1)?;
        row::read(&mut self.bytes).ok()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count as usize, Some(self.count as usize))
    }
}

impl ExactSizeIterator for Rows<'_> {}

#[cfg(test)]
mod tests {
    use std::{vec, vec::Vec};

    use proptest::{collection, option, prelude::*};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{Cover, Cutoff, Reason, RevocationId};

    fn row(byte: u8, cover: Cover) -> Revocation {
        Revocation {
            id: RevocationId::from_bytes([byte; 16]),
            cover,
            expires_at: Timestamp::from_secs(1_763_940_060),
            revoked_at: Timestamp::from_secs(1_763_936_400),
            reason: Reason::Issuer,
        }
    }

    fn root() -> Header {
        let history =
            ShardHistory::from_counts(&[1, 4]).map(|history| history.begun(Timestamp::from_secs(0x6923_8ca0)));
        let edition = Some(Edition { seq: 1000, slices: 0x8000_0000_0000_0003 });
        Header {
            shard: 0,
            epoch: 0x0102_0304_0506_0708,
            span: Span { from: 1024, to: 1030 },
            head: 1040,
            edition,
            history,
        }
    }

    fn hex(bytes: &[u8]) -> std::string::String {
        bytes.iter().map(|byte| std::format!("{byte:02x}")).collect()
    }

    /// Changing one of these needs a new version: while versions change, ledgers answer edges of another one.
    #[test]
    fn the_form_is_pinned() {
        let until = |secs: u64| Cutoff::IssuedUntil(Timestamp::from_millis(secs * 1000 + 123));
        let keep = RevocationId::from_bytes([0xee; 16]);
        let rows = [
            row(0xa1, Cover::everyone(Cutoff::Always)),
            row(0xa2, Cover::everyone(until(1_763_936_430))),
            row(0xa3, Cover::all_but(keep, until(1_763_936_430))),
            row(0xa4, Cover::all_but(keep, Cutoff::Always).union(Cover::everyone(until(1_763_936_430)))),
            row(0xa5, Cover::everyone(Cutoff::Always).lifted().unwrap()),
        ];
        let head = "514c4401 00 0102030405060708 0000000000000400 0000000000000406 0000000000000410 00000000000003e8 8000000000000003 02 01 04 0069238ca0 00000005";
        // expires 2025-11-23T23:21:00Z; 3660 s later than revoked, 0x1c << 7 | 0x4c; cutoffs in milliseconds
        let one = "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1 22 00692396dc cc1c";
        let two = "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2 12 00692396dc cc1c 019ab2cde82b";
        let three = "a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3 42 00692396dc cc1c 019ab2cde82b eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
        let four = "a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4 92 00692396dc cc1c 019ab2cde82b eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee";
        let five = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5 f301 02 00692396dc cc1c";
        let pinned = [head, one, two, three, four, five].concat().replace(' ', "");
        let bytes = root().write(&rows);
        assert_eq!(hex(&bytes), pinned);
        let delta = Delta::parse(&bytes).unwrap();
        assert_eq!((delta.header, delta.rows.len(), delta.rows.collect::<Vec<_>>()), (root(), 5, rows.to_vec()));
        let pinned = Header { history: root().history.map(ShardHistory::pinned), ..root() };
        let bytes = pinned.write([]);
        assert_eq!(hex(&bytes[53..61]), "0201048069238ca0");
        assert_eq!(Delta::parse(&bytes).unwrap().header, pinned);
    }

    #[test]
    fn times_are_rounded_to_the_safe_side() {
        let exact = Revocation {
            expires_at: Timestamp::from_millis(5_001),
            revoked_at: Timestamp::from_millis(1_999),
            ..row(1, Cover::everyone(Cutoff::Always))
        };
        let bytes = root().write(&[exact]);
        let read = Delta::parse(&bytes).unwrap().rows.next().unwrap();
        assert_eq!((read.expires_at, read.revoked_at), (Timestamp::from_secs(6), Timestamp::from_secs(1)));
        // What no token can reach: still a row that can be read.
        let far = |millis| Cutoff::IssuedUntil(Timestamp::from_millis(millis));
        let cover = Cover::all_but(exact.id, far(u64::MAX)).union(Cover::everyone(far(u64::MAX - 1)));
        let endless = Revocation { cover, expires_at: Timestamp::from_millis(u64::MAX), ..exact };
        let bytes = root().write(&[endless]);
        let read = Delta::parse(&bytes).unwrap().rows.next().unwrap();
        assert_eq!(read.expires_at, Timestamp::from_secs((1 << 40) - 1));
        assert_eq!(read.cover, Cover::everyone(far((1 << 48) - 1)));
    }

    #[test]
    fn what_is_no_delta_is_told() {
        let plain = row(1, Cover::everyone(Cutoff::Always));
        let bytes = root().write(&[plain]);
        let with = |at: usize, to: &[u8]| {
            let mut bytes = bytes.clone();
            bytes[at..at + to.len()].copy_from_slice(to);
            bytes
        };
        // The edition is at 37, the history at 53, the rows' count at 61; the row starts at 65: its kind is at 81, its lifetime at 87.
        let cases = [
            (vec![], InvalidDelta::Magic),
            (b"<html>".to_vec(), InvalidDelta::Magic),
            (with(3, &[2]), InvalidDelta::Magic),
            (with(4, &[1]), InvalidDelta::History),
            (with(54, &[4]), InvalidDelta::History),
            (with(53, &[0]), InvalidDelta::History),
            (with(20, &[9]), InvalidDelta::Span),
            (with(27, &[3]), InvalidDelta::Span),
            (with(37, &[0; 8]), InvalidDelta::Edition),
            (with(37, &1041u64.to_be_bytes()), InvalidDelta::Edition),
            (with(45, &[0; 8]), InvalidDelta::Edition),
            (with(61, &[0, 0, 0, 7]), InvalidDelta::Span),
            (with(61, &[0, 0, 0, 2]), InvalidDelta::Truncated),
            (with(61, &[0, 0, 0, 0]), InvalidDelta::Trailing),
            (with(81, &[0x32]), InvalidDelta::Row),
            (with(81, &[0xe2]), InvalidDelta::Row),
            (with(81, &[0xa2]), InvalidDelta::Row),
            (with(87, &[0x80, 0]), InvalidDelta::Row),
            (with(81, &[0xf3, 0]), InvalidDelta::Row),
            ([&bytes[..], &[0]].concat(), InvalidDelta::Trailing),
        ];
        for (index, (bytes, error)) in cases.into_iter().enumerate() {
            assert_eq!(Delta::parse(&bytes), Err(error), "{index}");
        }
        let history = None;
        assert!(Delta::parse(&Header { shard: 1, history, ..root() }.write(&[plain])).is_ok());
    }

    fn cutoff() -> impl Strategy<Value = Cutoff> {
        let time = (0..1u64 << 48).prop_map(|millis| Cutoff::IssuedUntil(Timestamp::from_millis(millis)));
        prop_oneof![Just(Cutoff::Nothing), time, Just(Cutoff::Always)]
    }

    fn any_row() -> impl Strategy<Value = Revocation> {
        let reason = prop::sample::select(&Reason::ALL[..]);
        let others = option::of((cutoff(), any::<[u8; 16]>()));
        let lifts = prop_oneof![Just(0), any::<u8>()];
        (any::<[u8; 16]>(), cutoff(), others, lifts, 0..1u64 << 40, any::<prop::sample::Index>(), reason).prop_map(
            |(id, everyone, others, lifts, expires_at, revoked_at, reason)| Revocation {
                id: RevocationId::from_bytes(id),
                cover: Cover::normal(everyone, others.map(|(at, keep)| (at, RevocationId::from_bytes(keep))), lifts),
                expires_at: Timestamp::from_secs(expires_at),
                revoked_at: Timestamp::from_secs(revoked_at.index(expires_at as usize + 1) as u64),
                reason,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(
            rows in collection::vec(any_row(), 0..9),
            from in 0..1u64 << 40,
            more in 0..3000u64,
            shard in 0..3u8,
            edition in option::of((1..9u64, 1..=u64::MAX)),
        ) {
            let edition = edition.map(|(seq, slices)| Edition { seq, slices });
            let (to, history) = (from + 9, (shard == 0).then(|| ShardHistory::from_counts(&[2, 3, 200]).unwrap()));
            let header = Header { shard, epoch: u64::MAX - more, span: Span { from, to }, head: to + more, edition, history };
            let bytes = header.write(&rows);
            let delta = Delta::parse(&bytes).unwrap();
            prop_assert_eq!((delta.header, delta.rows.collect::<Vec<_>>()), (header, rows));
            for end in 0..bytes.len() {
                prop_assert!(Delta::parse(&bytes[..end]).is_err());
            }
        }

        /// Whatever can be read is written as it came, but for reasons of later versions.
        #[test]
        fn there_is_one_spelling(
            rows in collection::vec(any_row(), 0..4),
            changes in collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ) {
            let mut bytes = root().write(&rows);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Ok(delta) = Delta::parse(&bytes) {
                let rows: Vec<_> = delta.rows.collect();
                let again = delta.header.write(&rows);
                prop_assert!(again == bytes || rows.iter().any(|row| row.reason == Reason::Other));
                prop_assert_eq!(Delta::parse(&again).map(|delta| delta.rows.collect()), Ok(rows));
            }
        }
    }
}
