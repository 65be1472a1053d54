//! What is kept in Workers KV as a segment. The fuzzer cannot make a hash, so each input is tried as it is, as a segment with the
//! right identity, and as the ids to build one from.
#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use quash_core::{
    RevocationId, Timestamp,
    ledger::ShardCount,
    segment::{Builder, Loading, Rate, Segment, Snapshot},
};
use sha2::{Digest, Sha256};

/// The magic and the identity.
const HASHED: usize = 4 + 16;

fuzz_target!(|input: &[u8]| {
    asked(input);
    if input.len() > HASHED {
        let mut bytes = input.to_vec();
        bytes[..4].copy_from_slice(b"QSG\x01");
        let hash = Sha256::digest(&bytes[HASHED..]);
        bytes[4..HASHED].copy_from_slice(&hash[..16]);
        asked(&bytes);
    }
    if let [expected, one_in @ 1..=255, shift @ 0..=22, ids @ ..] = input {
        build(*expected, u32::from(*one_in) << shift, ids);
    }
});

/// However it comes, it is the same segment or none, and can be asked.
fn asked(bytes: &[u8]) {
    let parsed = Segment::parse(bytes.to_vec());
    let mut loading = Loading::default();
    let loaded = bytes.chunks(50).try_for_each(|piece| loading.add(piece)).and_then(|()| loading.finish());
    assert_eq!(parsed.as_ref().err(), loaded.as_ref().err());
    let (Ok(parsed), Ok(loaded)) = (parsed, loaded) else { return };
    assert_eq!((parsed.as_bytes(), loaded.as_bytes()), (bytes, bytes));
    for id in bytes.windows(16).flat_map(<[u8]>::first_chunk) {
        let id = RevocationId::from_bytes(*id);
        assert_eq!(parsed.contains(&id), loaded.contains(&id));
    }
}

/// Whatever was built in is found.
fn build(expected: u8, one_in: u32, ids: &[u8]) {
    let time = Timestamp::from_secs(0);
    let shards = ShardCount::ONE;
    let snapshot = Snapshot { shard: 0, shards, epoch: 0, seq: 0, expires_from: time, expires_before: time };
    let Some(one_in) = one_in.try_into().ok() else { return };
    let rate = Rate { expected: expected.into(), one_in };
    // They differ in what decides where they are.
    let ids = ids.as_chunks().0.iter().map(|first| u128::from(u32::from_be_bytes(*first)) << 96);
    let ids: BTreeSet<_> = ids.map(|id| RevocationId::from_bytes(id.to_be_bytes())).collect();
    let mut builder = Builder::new(snapshot, rate).unwrap();
    ids.iter().for_each(|id| builder.push(id).unwrap());
    let segment = Segment::parse(builder.finish()).unwrap();
    assert!(ids.iter().all(|id| segment.contains(id)) && segment.len() <= ids.len());
}
