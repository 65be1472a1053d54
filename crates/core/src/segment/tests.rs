use core::num::NonZeroU32;
use std::{string::String, vec, vec::Vec};

use proptest::{collection, prelude::*};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::{RevocationId, segment::header::identify};

const SLICE: u8 = 37;

fn snapshot() -> Snapshot {
    let slice = Slice::new(SLICE).unwrap();
    Snapshot { shard: 3, epoch: 0x0102_0304_0506_0708, seq: 0x1112_1314, slice }
}

fn one_in(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

/// Of the slice, with these 64 bits behind its six.
fn id_at(kind: u8, into: u64) -> RevocationId {
    RevocationId::new(kind, (u128::from(SLICE) << 122 | u128::from(into) << 58).to_be_bytes())
}

/// As random as a real one.
fn id(kind: u8, number: u64) -> RevocationId {
    let number = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    id_at(kind, number ^ (number >> 31))
}

fn ids(kind: u8, count: u64) -> impl Iterator<Item = RevocationId> {
    // Those of two kinds are not alike.
    (0..count).map(move |number| id(kind, u64::from(kind) << 32 | number))
}

fn built(one_in: NonZeroU32, ids: impl IntoIterator<Item = RevocationId>) -> Vec<u8> {
    let mut builder = Builder::new(snapshot(), one_in);
    let mut ids: Vec<_> = ids.into_iter().collect();
    ids.sort_unstable();
    ids.iter().for_each(|id| builder.push(id).unwrap());
    builder.finish().unwrap()
}

/// Of so many ids of each kind from 0 on.
fn many(one_in: NonZeroU32, counts: &[u64]) -> Segment {
    let ids: Vec<_> = (0..).zip(counts).flat_map(|(kind, count)| ids(kind, *count)).collect();
    let segment = Segment::parse(built(one_in, ids.iter().copied())).unwrap();
    assert!(ids.iter().all(|id| segment.contains(id)));
    assert_eq!(segment.len(), ids.len());
    segment
}

fn bits_per_id(segment: &Segment) -> f64 {
    segment.as_bytes().len() as f64 * 8. / segment.len() as f64
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| std::format!("{byte:02x}")).collect()
}

/// Changing this needs a new version: segments are kept, and while versions change, edges read those of another one.
#[test]
fn the_form_is_pinned() {
    let ids = [(3, 1 << 63), (1, 1 << 62), (3, u64::MAX), (3, 0)].map(|(kind, into)| id_at(kind, into));
    let segment = Segment::parse(built(one_in(16), ids)).unwrap();
    let head = "51534701 d7ee0956c86cf09a1c48405e2e322701 03 25 0102030405060708 0000000011121314 00000010";
    let tables = "02 01 00000001 03 00000003";
    // Of 64 numbers each. 16 of one quotient of 64: 10, then 000010, from its lowest bit.
    let one = "00000000 01000000 41";
    // 0, 32 and 63 of four quotients of 16: 1001010, then 0000 0000 1111.
    let three = "00000000 03000000 29 80 07";
    assert_eq!(hex(segment.as_bytes()), [head, tables, one, three, "00000000000000"].concat().replace(' ', ""));
    assert_eq!((*segment.snapshot(), segment.one_in(), segment.len()), (snapshot(), one_in(16), 4));
    assert!(ids.iter().all(|id| segment.contains(id)));

    let none = Segment::parse(built(ONE_IN, [])).unwrap();
    assert_eq!(hex(&none.as_bytes()[38..]), "00001000 00 00000000000000".replace(' ', ""));
    assert!(none.is_empty() && !none.contains(&ids[0]));
}

#[test]
fn one_and_two_are_told_apart_from_others() {
    for counts in [&[1][..], &[2], &[1, 1], &[1, 0, 0, 1_000_000]] {
        let segment = many(ONE_IN, counts);
        // Of a range of 4096 numbers at least.
        let wrong = (10..10_000).filter(|number| segment.contains(&id(0, *number))).count();
        assert!(wrong <= 10 * counts[0] as usize, "{wrong} of {counts:?}");
        assert!(!(10..10_000).any(|number| segment.contains(&id(4, number))));
    }
}

/// A token has an id of each kind: it is not taken for revoked more often where the ids are of many kinds.
#[test]
fn as_many_tokens_are_taken_for_revoked_as_the_rate_says() {
    for (of, counts) in [
        (1000, &[0, 0, 0, 100_000][..]),
        (500, &[30_000, 20_000, 0, 50_000, 10_000]),
        (100, &[25_000; 4]),
        (100, &[30_000, 0, 0, 3]),
        (100, &[1_000; 16]),
    ] {
        let segment = many(one_in(of), counts);
        let kinds = 0..counts.len() as u8;
        let is_taken =
            |number: &u64| kinds.clone().any(|kind| segment.contains(&id(kind, u64::from(kind) << 50 | number)));
        // Of 400 that are wrong, 20 are the standard deviation.
        let wrong = (1 << 40..).take(of as usize * 400).filter(is_taken).count();
        assert!((340..460).contains(&wrong), "{wrong} of 400 that are expected for {counts:?} at one in {of}");
    }
}

#[test]
fn an_id_takes_fourteen_bits_and_the_entropy_of_its_kind() {
    for (counts, most) in [
        (&[0, 0, 0, 1_000][..], 14.7),
        (&[0, 0, 0, 10_000], 14.2),
        (&[0, 0, 0, 50_000], 14.14),
        (&[20_000; 2], 15.14),
        (&[20_000; 4], 16.14),
        // An entropy of 0.47.
        (&[36_000, 4_000], 14.62),
    ] {
        let bits = bits_per_id(&many(ONE_IN, counts));
        assert!(bits <= most, "{bits} bits of {counts:?}");
    }
}

#[test]
fn more_than_can_be_loaded_is_not_built() {
    let mut builder = Builder::new(snapshot(), ONE_IN);
    let mut pushes = (0..=MAX_IDS as u64).map(|number| builder.push(&id_at(3, number << 40)));
    assert!(pushes.by_ref().take(MAX_IDS).all(|pushed| pushed.is_ok()));
    assert_eq!(pushes.next(), Some(Err(Unfit::Size)));
    // One that is there already is not one more.
    assert_eq!(builder.push(&id_at(3, (MAX_IDS as u64 - 1) << 40)), Ok(()));
    assert!(builder.finish().is_ok());

    // Of 34 bits each.
    let mut builder = Builder::new(snapshot(), NonZeroU32::MAX);
    (0..450_000).for_each(|number| builder.push(&id_at(3, number << 40)).unwrap());
    assert_eq!(builder.finish(), Err(Unfit::Size));
}

#[test]
fn ids_come_in_the_order_of_their_kind_once_or_twice() {
    let ids: Vec<_> = (0..5).flat_map(|kind| ids(kind, 100)).collect();
    let twice = ids.iter().chain(&ids).copied();
    assert_eq!(built(one_in(16), ids.iter().copied()), built(one_in(16), twice));
    let mut builder = Builder::new(snapshot(), one_in(16));
    assert_eq!([7, 7, 6].map(|into| builder.push(&id_at(3, into << 40))), [Ok(()), Ok(()), Err(Unfit::Order)]);
    assert_eq!([6, 5, 9].map(|into| builder.push(&id_at(4, into << 40))), [Ok(()), Err(Unfit::Order), Ok(())]);
    let expected = [id_at(3, 7 << 40), id_at(4, 6 << 40), id_at(4, 9 << 40)];
    assert_eq!(builder.finish(), Ok(built(one_in(16), expected)));
}

#[test]
fn an_id_of_another_slice_is_refused_and_leaves_nothing_behind() {
    let mut builder = Builder::new(snapshot(), one_in(1));
    builder.push(&id(3, 1)).unwrap();
    let others = (0..64).filter(|slice| *slice != SLICE).map(|slice| RevocationId::from_bytes([slice << 2 | 3; 16]));
    assert!(others.clone().all(|id| builder.push(&id) == Err(Unfit::Slice)));
    let segment = Segment::parse(builder.finish().unwrap()).unwrap();
    assert_eq!(segment.as_bytes(), built(one_in(1), [id(3, 1)]));
    // One in one: whatever is of the slice and the kind is taken for it.
    assert!(segment.contains(&id(3, 2)) && !segment.contains(&id(4, 1)));
    assert!(!others.into_iter().any(|id| segment.contains(&id)));
}

#[test]
fn what_was_not_built_is_refused() {
    let bytes = built(one_in(16), ids(3, 40).chain(ids(4, 10)));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(Segment::parse(changed).is_err(), "bit {bit} of byte {at}");
        }
        assert!(Segment::parse(bytes[..at].to_vec()).is_err(), "{at} bytes");
    }
    assert!(Segment::parse(bytes).is_ok());
}

#[test]
fn what_is_no_segment_is_told() {
    let bytes = built(one_in(16), ids(3, 40).chain(ids(4, 10)));
    let with = |at: usize, to: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        identify(&mut bytes);
        bytes
    };
    // The slice is at 21, the rate at 38, the number of tables at 42, the tables at 43 and 48, the index of the first from 53 on.
    let cases = [
        (vec![], InvalidSegment::Magic),
        (b"<html>".to_vec(), InvalidSegment::Magic),
        (with(3, &[2]), InvalidSegment::Magic),
        (bytes[..42].to_vec(), InvalidSegment::Truncated),
        (bytes[..52].to_vec(), InvalidSegment::Truncated),
        (bytes[..bytes.len() - 1].to_vec(), InvalidSegment::Truncated),
        ([&bytes[..], &[0]].concat(), InvalidSegment::Trailing),
        (with(21, &[64]), InvalidSegment::Contradiction),
        (with(38, &[0; 4]), InvalidSegment::Contradiction),
        (with(38, &[0xff]), InvalidSegment::Truncated),
        (with(42, &[1]), InvalidSegment::Trailing),
        (with(43, &[4]), InvalidSegment::Contradiction),
        (with(43, &[5]), InvalidSegment::Contradiction),
        (with(43, &[16]), InvalidSegment::Contradiction),
        (with(48, &[255]), InvalidSegment::Contradiction),
        (with(44, &[0; 4]), InvalidSegment::Contradiction),
        (with(44, &[0xff; 4]), InvalidSegment::Size),
        (with(44, &[0, 15, 255, 255]), InvalidSegment::Size),
        (with(45, &[1]), InvalidSegment::Truncated),
        (with(53, &[1]), InvalidSegment::Contradiction),
        (with(57, &[39]), InvalidSegment::Contradiction),
    ];
    for (index, (bytes, error)) in cases.into_iter().enumerate() {
        assert_eq!(Segment::parse(bytes).err(), Some(error), "{index}");
    }
    let mut changed = bytes.clone();
    *changed.last_mut().unwrap() = 1;
    assert_eq!(Segment::parse(changed).err(), Some(InvalidSegment::Identity));
}

#[test]
fn an_index_that_goes_back_or_does_not_end_with_all_is_none() {
    // Two tables of three buckets each, of 600 numbers of two bits and 600 quotients. Behind the index of
    // the second are only its buckets and the padding.
    let bytes = built(one_in(1), ids(3, 600).chain(ids(4, 600)));
    let second = bytes.len() - 7 - (600 * 2 + 600) / 8 - 4 * 4;
    assert_eq!(bytes[second..second + 4], [0; 4]);
    let with = |index: [u32; 3]| {
        let mut bytes = bytes.clone();
        for (at, number) in (second + 4..).step_by(4).zip(index) {
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        identify(&mut bytes);
        Segment::parse(bytes).err()
    };
    assert_eq!(with([256, 400, 600]), None);
    let others = [[200, 199, 600], [256, 400, 599], [256, 400, 601], [256, 601, 600]];
    assert_eq!(others.map(with), [Some(InvalidSegment::Contradiction); 4]);
}

/// Whoever keeps no more of an id than that can ask.
#[test]
fn nothing_but_eight_bytes_and_the_kind_makes_a_difference() {
    let segment = many(one_in(4), &[300, 0, 0, 300]);
    for number in 0..2_000 {
        for kind in [0, 1, 3] {
            let id = id(kind, number);
            let mut bytes = *id.as_bytes();
            bytes[8..15].fill(0xff);
            bytes[15] |= 0xf0;
            assert_eq!(segment.contains(&id), segment.contains(&RevocationId::from_bytes(bytes)));
        }
    }
}

/// Any sets: of few or many ids of any kinds, in places of their own or in each other's neighbourhood.
fn any_ids() -> impl Strategy<Value = Vec<RevocationId>> {
    let near = (any::<u64>(), 0..64u32).prop_map(|(number, shift)| (1 << 63) + (number >> 1 >> shift));
    let into = prop_oneof![any::<u64>(), near, Just(0), Just(u64::MAX)];
    let kind = prop_oneof![Just(3), 0..5u8, 0..16u8];
    collection::vec((kind, into).prop_map(|(kind, into)| id_at(kind, into)), 0..700)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_member_is_found(ids in any_ids(), of in prop_oneof![1..20u32, 1..10_000_000u32, Just(u32::MAX)]) {
        let segment = Segment::parse(built(one_in(of), ids.iter().copied())).unwrap();
        for id in &ids {
            prop_assert!(segment.contains(id), "{id}");
        }
        prop_assert!(segment.len() <= ids.len());
    }

    /// What has the right identity and yet was never built: no look-up fails, and none goes on for long.
    #[test]
    fn whatever_can_be_parsed_can_be_asked(
        ids in any_ids(),
        of in 1..5_000u32,
        changes in collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        asked in any_ids(),
    ) {
        let mut bytes = built(one_in(of), ids.iter().copied());
        for (at, byte) in changes {
            let at = 43 + at.index(bytes.len() - 43);
            bytes[at] = byte;
        }
        identify(&mut bytes);
        if let Ok(segment) = Segment::parse(bytes) {
            ids.iter().chain(&asked).for_each(|id| { segment.contains(id); });
        }
    }

    #[test]
    fn whatever_is_no_segment_is_refused(bytes in collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Segment::parse([&b"QSG\x01"[..], &bytes].concat()).is_err());
    }
}
