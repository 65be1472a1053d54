use core::num::NonZeroU32;
use std::{collections::BTreeSet, string::String, vec, vec::Vec};

use proptest::{collection, prelude::*};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::{RevocationId, Timestamp, ledger::ShardCount, segment::header::identify};

fn snapshot() -> Snapshot {
    Snapshot {
        shard: 0,
        shards: ShardCount::ONE,
        epoch: 0x0102_0304_0506_0708,
        seq: 0x1112_1314,
        expires_from: Timestamp::from_secs(0x6923_8ca0),
        expires_before: Timestamp::from_secs(0x6923_96dc),
    }
}

fn rate(expected: u32, one_in: u32) -> Rate {
    Rate { expected, one_in: NonZeroU32::new(one_in).unwrap() }
}

/// As random as a real one.
fn id(number: u64) -> RevocationId {
    let mix = |number: u64| {
        let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        number ^ (number >> 31)
    };
    let halves = [mix(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)), mix(!number)];
    RevocationId::from_bytes((u128::from(halves[0]) << 64 | u128::from(halves[1])).to_be_bytes())
}

fn built<'a>(snapshot: Snapshot, rate: Rate, ids: impl IntoIterator<Item = &'a RevocationId>) -> Vec<u8> {
    let mut builder = Builder::new(snapshot, rate).unwrap();
    ids.into_iter().for_each(|id| builder.push(id).unwrap());
    builder.finish()
}

/// Of the ids of so many numbers.
fn many(count: u32, rate: Rate) -> Segment {
    let ids: BTreeSet<_> = (0..u64::from(count)).map(id).collect();
    Segment::parse(built(snapshot(), rate, &ids)).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| std::format!("{byte:02x}")).collect()
}

/// Changing this needs a new version: segments are kept, and while versions change, edges read those of another one.
#[test]
fn the_form_is_pinned() {
    let ids =
        [0x0000, 0x3fff, 0x4000, 0xffff].map(|first: u128| RevocationId::from_bytes((first << 112).to_be_bytes()));
    let segment = Segment::parse(built(snapshot(), rate(2, 16), &ids)).unwrap();
    let head = "51534701 8ecdbb0f668c25adcb57f10c734d9098 00 01 0102030405060708 0000000011121314";
    let about = "0069238ca0 00692396dc 00000010 00000002 00000004";
    // One bucket, of two quotients. The numbers are 0, 7, 8 and 31: so 1110 10, then 0000 1110 0001 1111, each from its lowest bit.
    let rest = "00000000 04000000 17 1c 3e 00000000000000";
    assert_eq!(hex(segment.as_bytes()), [head, about, rest].concat().replace(' ', ""));
    assert_eq!((*segment.snapshot(), segment.rate(), segment.len()), (snapshot(), rate(2, 16), 4));
    assert_eq!(hex(&segment.identity()), "8ecdbb0f668c25adcb57f10c734d9098");
    assert!(ids.iter().all(|id| segment.contains(id)));

    // In the middle of the second shard of three, so 16 of 32: 010, then 0000.
    let id = RevocationId::from_bytes((1u128 << 127).to_be_bytes());
    let part = Snapshot { shard: 1, shards: ShardCount::new(3).unwrap(), ..snapshot() };
    let bytes = built(part, rate(2, 16), [&id]);
    assert_eq!(hex(&bytes[20..22]), "0103");
    assert_eq!(hex(&bytes[56..]), "00000001 00000000 01000000 02 00000000000000".replace(' ', ""));
}

#[test]
fn times_are_rounded_so_that_no_row_is_outside() {
    let (expires_from, expires_before) = (Timestamp::from_millis(1_999), Timestamp::from_millis(5_001));
    let segment =
        Segment::parse(built(Snapshot { expires_from, expires_before, ..snapshot() }, rate(0, 1), [])).unwrap();
    let times = [segment.snapshot().expires_from, segment.snapshot().expires_before];
    assert_eq!(times, [1, 6].map(Timestamp::from_secs));
    let forever = Timestamp::from_millis(u64::MAX);
    let segment = Segment::parse(built(Snapshot { expires_before: forever, ..snapshot() }, rate(0, 1), [])).unwrap();
    assert_eq!(segment.snapshot().expires_before, Timestamp::from_secs((1 << 40) - 1));
}

#[test]
fn none_one_and_two_are_told_apart_from_others() {
    for count in 0..3u32 {
        for expected in [0, 1, 2, 1000, 1_000_000] {
            let segment = many(count, Rate::usual(expected));
            assert!((0..u64::from(count)).all(|number| segment.contains(&id(number))));
            assert_eq!((segment.len(), segment.is_empty()), (count as usize, count == 0));
            // Of a range of 4096 numbers at least.
            assert!((10..10_000).filter(|number| segment.contains(&id(*number))).count() <= 10 * count as usize);
        }
    }
}

/// A run of ones goes on behind the bits that are read at a time.
#[test]
fn hundreds_of_one_quotient_are_found() {
    for count in (1..300).step_by(7) {
        let segment = many(count, rate(1, 1 << 20));
        assert!((0..u64::from(count)).all(|number| segment.contains(&id(number))));
        let wrong = (10_000..11_000).filter(|number| segment.contains(&id(*number))).count();
        assert!(segment.len() as u32 <= count && wrong < 10, "{wrong}");
    }
}

#[test]
fn as_many_are_taken_for_members_as_the_rate_says() {
    for (count, one_in, within) in [(100_000, 4096, 0.1), (30_000, 100, 0.05), (3_000, 1000, 0.1)] {
        let segment = many(count, rate(count, one_in));
        assert!((0..u64::from(count)).all(|number| segment.contains(&id(number))));
        let probes = 1_000_000;
        let wrong = (1 << 40..).take(probes).filter(|number| segment.contains(&id(*number))).count();
        let ratio = wrong as f64 * f64::from(one_in) / probes as f64;
        assert!((ratio - 1.).abs() < within, "{ratio} of what is expected at one in {one_in}");
    }
}

#[test]
fn an_id_takes_fourteen_bits() {
    for (count, most) in [(1_000, 14.7), (10_000, 14.2), (100_000, 14.14)] {
        let bits = many(count, Rate::usual(count)).as_bytes().len() as f64 * 8. / f64::from(count);
        assert!(bits <= most, "{bits} bits of {count}");
    }
}

#[test]
fn a_shard_has_its_own_ids_and_all_of_its_segments_range() {
    let shards = ShardCount::new(3).unwrap();
    let ids: BTreeSet<_> = (0..60_000).map(id).collect();
    for shard in 0..3 {
        let is_ours = |id: &RevocationId| shards.shard_of(id) == shard;
        let ours: Vec<_> = ids.iter().copied().filter(is_ours).collect();
        let snapshot = Snapshot { shard, shards, ..snapshot() };
        let segment = Segment::parse(built(snapshot, rate(ours.len() as u32, 50), &ours)).unwrap();
        assert!(ours.iter().all(|id| segment.contains(id)));
        assert!(!ids.iter().any(|id| !is_ours(id) && segment.contains(id)));
        let absent: Vec<_> = (1 << 40..).map(id).filter(is_ours).take(50_000).collect();
        let wrong = absent.iter().filter(|id| segment.contains(id)).count();
        assert!((900..1100).contains(&wrong), "{wrong}");
        let mut builder = Builder::new(snapshot, rate(9, 50)).unwrap();
        assert_eq!(builder.push(ids.iter().find(|id| !is_ours(id)).unwrap()), Err(Unfit::Shard));
    }
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_nothing_behind() {
    let ids: Vec<_> = (0..100).map(id).collect::<BTreeSet<_>>().into_iter().collect();
    let mut builder = Builder::new(snapshot(), rate(100, 16)).unwrap();
    for (at, id) in ids.iter().enumerate() {
        builder.push(id).unwrap();
        builder.push(id).unwrap();
        assert_eq!(
            at.checked_sub(1).map(|before| builder.push(&ids[before])).unwrap_or(Err(Unfit::Order)),
            Err(Unfit::Order)
        );
    }
    assert_eq!(builder.finish(), built(snapshot(), rate(100, 16), &ids));
    assert_eq!(Builder::new(Snapshot { shard: 1, ..snapshot() }, rate(1, 16)).err(), Some(Unfit::Shard));
    assert_eq!(Builder::new(snapshot(), rate(u32::MAX, 16)).err(), Some(Unfit::Size));
    assert!(Builder::new(snapshot(), Rate::usual(37_900_000)).is_ok());
    assert_eq!(Builder::new(snapshot(), Rate::usual(38_100_000)).err(), Some(Unfit::Size));
}

#[test]
fn what_was_not_built_is_refused() {
    let bytes = built(snapshot(), rate(40, 16), &(0..40).map(id).collect::<BTreeSet<_>>());
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << bit;
            assert!(Segment::parse(changed).is_err(), "bit {bit} of byte {at}");
        }
        assert!(Segment::parse(bytes[..at].to_vec()).is_err(), "{at} bytes");
        let mut loading = Loading::default();
        loading.add(&bytes[..at]).unwrap();
        assert!(loading.finish().is_err(), "{at} bytes");
    }
    assert!(Segment::parse(bytes).is_ok());
}

#[test]
fn what_is_no_segment_is_told() {
    let bytes = built(snapshot(), rate(40, 16), &(0..40).map(id).collect::<BTreeSet<_>>());
    let with = |at: usize, to: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to);
        identify(&mut bytes);
        bytes
    };
    // The shard is at 20, the times are at 38 and 43, the rate at 48, the count at 56, the index from 60 on.
    let cases = [
        (vec![], InvalidSegment::Magic),
        (b"<html>".to_vec(), InvalidSegment::Magic),
        (with(3, &[2]), InvalidSegment::Magic),
        (bytes[..59].to_vec(), InvalidSegment::Truncated),
        (bytes[..bytes.len() - 1].to_vec(), InvalidSegment::Truncated),
        ([&bytes[..], &[0]].concat(), InvalidSegment::Trailing),
        (with(20, &[1]), InvalidSegment::Contradiction),
        (with(21, &[0]), InvalidSegment::Contradiction),
        (with(38, &[1]), InvalidSegment::Contradiction),
        (with(48, &[0; 4]), InvalidSegment::Contradiction),
        (with(56, &[9]), InvalidSegment::Size),
        (with(52, &[0xff; 4]), InvalidSegment::Size),
        (with(60, &[1]), InvalidSegment::Contradiction),
        (with(64, &[41]), InvalidSegment::Contradiction),
    ];
    for (index, (bytes, error)) in cases.into_iter().enumerate() {
        let loaded = |bytes: &[u8]| {
            let mut loading = Loading::default();
            loading.add(bytes)?;
            loading.finish()
        };
        assert_eq!(loaded(&bytes).err(), Some(error), "{index}");
        assert_eq!(Segment::parse(bytes).err(), Some(error), "{index}");
    }
    let mut changed = bytes.clone();
    *changed.last_mut().unwrap() = 1;
    assert_eq!(Segment::parse(changed).err(), Some(InvalidSegment::Identity));
}

#[test]
fn an_index_that_goes_back_or_holds_too_much_is_none() {
    // Three buckets of 256 numbers at most. The index is at 60.
    let bytes = built(snapshot(), rate(600, 1), &(0..900).map(id).collect::<BTreeSet<_>>());
    let count = u32::from_le_bytes(*bytes[72..].first_chunk().unwrap());
    let with = |index: [u32; 2]| {
        let mut bytes = bytes.clone();
        for (at, number) in [64, 68].into_iter().zip(index) {
            bytes[at..at + 4].copy_from_slice(&number.to_le_bytes());
        }
        identify(&mut bytes);
        Segment::parse(bytes).err()
    };
    assert_eq!(with([256, 400]), None);
    let others = [[200, 199], [257, 400], [256, count + 1], [100, 200]];
    assert_eq!(others.map(with), [Some(InvalidSegment::Contradiction); 4]);
}

#[test]
fn chunks_of_two_segments_make_none() {
    let [old, new] = [7, 8].map(|seq| {
        let ids: BTreeSet<_> = (0..2_000).map(|number| id(number * seq)).collect();
        built(Snapshot { seq, ..snapshot() }, Rate::usual(2_000), &ids)
    });
    let load = |chunks: &[&[u8]]| {
        let mut loading = Loading::default();
        chunks.iter().try_for_each(|chunk| loading.add(chunk))?;
        loading.finish()
    };
    let [[one, two], [other, _]] = [&old, &new].map(|bytes| [&bytes[..1000], &bytes[1000..]]);
    assert!(load(&[one, two]).is_ok());
    assert_eq!(old.len(), new.len());
    assert_eq!(load(&[other, two]).err(), Some(InvalidSegment::Identity));
    assert_eq!(load(&[two, one]).err(), Some(InvalidSegment::Magic));
    assert_eq!(load(&[one]).err(), Some(InvalidSegment::Truncated));
    assert_eq!(load(&[one, two, two]).err(), Some(InvalidSegment::Trailing));
}

#[test]
fn a_segment_is_cut_into_what_a_key_can_hold() {
    let segment = vec![0; 2 * MAX_CHUNK_BYTES + 1];
    assert_eq!(chunks(&segment).map(<[u8]>::len).collect::<Vec<_>>(), [MAX_CHUNK_BYTES, MAX_CHUNK_BYTES, 1]);
    const { assert!(MAX_CHUNK_BYTES <= 25 << 20) };
}

#[test]
fn no_more_memory_is_taken_than_was_announced() {
    let bytes = built(snapshot(), Rate::usual(2_000), &(0..2_000).map(id).collect::<BTreeSet<_>>());
    let mut loading = Loading::default();
    assert_eq!((loading.missing(), loading.space().map(|space| space.len())), (None, Ok(60)));
    loading.add(&bytes[..70]).unwrap();
    assert_eq!(loading.missing(), Some(bytes.len() - 70));
    assert_eq!(loading.space().map(|space| space.len()), Ok(bytes.len() - 70));
    loading.add(&bytes[70..]).unwrap();
    assert_eq!(loading.space().err(), Some(InvalidSegment::Trailing));
    assert_eq!(loading.finish().unwrap().into_bytes().capacity(), bytes.len());
}

/// Any sets: of few or many ids, in places of their own or in each other's neighbourhood.
fn ids() -> impl Strategy<Value = BTreeSet<RevocationId>> {
    let near = (any::<u64>(), 0..64u32).prop_map(|(number, shift)| (1 << 63) + (number >> 1 >> shift));
    let first = prop_oneof![any::<u64>(), near, Just(0), Just(u64::MAX)];
    let id = (first, any::<u64>()).prop_map(|(first, rest)| (u128::from(first) << 64 | u128::from(rest)).to_be_bytes());
    collection::btree_set(id.prop_map(RevocationId::from_bytes), 0..700)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn every_member_is_found_however_it_is_cut(
        ids in ids(),
        expected in prop_oneof![0..5u32, 0..2_000u32, 0..100_000u32],
        one_in in prop_oneof![1..20u32, 1..10_000_000u32],
        shards in 1..=4u8,
        cut in 1..300usize,
    ) {
        let shards = ShardCount::new(shards).unwrap();
        for shard in 0..shards.get() {
            let ours: Vec<_> = ids.iter().filter(|id| shards.shard_of(id) == shard).collect();
            let bytes = built(Snapshot { shard, shards, ..snapshot() }, rate(expected, one_in), ours.iter().copied());
            let mut loading = Loading::default();
            bytes.chunks(cut).for_each(|piece| loading.add(piece).unwrap());
            let (loaded, parsed) = (loading.finish().unwrap(), Segment::parse(bytes.clone()).unwrap());
            prop_assert_eq!((loaded.as_bytes(), parsed.as_bytes()), (&bytes[..], &bytes[..]));
            for id in &ours {
                prop_assert!(loaded.contains(id) && parsed.contains(id), "{id}");
            }
            prop_assert!(parsed.len() <= ours.len());
        }
    }

    /// What has the right identity and yet was never built: no look-up fails, and none goes on for long.
    #[test]
    fn whatever_can_be_parsed_can_be_asked(
        ids in ids(),
        expected in 0..1_000u32,
        one_in in 1..5_000u32,
        changes in collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..20),
        asked: [u8; 16],
    ) {
        let mut bytes = built(snapshot(), rate(expected, one_in), &ids);
        for (at, byte) in changes {
            let at = 60 + at.index(bytes.len() - 60);
            bytes[at] = byte;
        }
        identify(&mut bytes);
        if let Ok(segment) = Segment::parse(bytes) {
            ids.iter().for_each(|id| { segment.contains(id); });
            segment.contains(&RevocationId::from_bytes(asked));
        }
    }

    #[test]
    fn whatever_is_no_segment_is_refused(bytes in collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Segment::parse([&b"QSG\x01"[..], &bytes].concat()).is_err());
    }
}
