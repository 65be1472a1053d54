//! What comes as a segment. The fuzzer cannot make a hash, so each input is tried as it is, as a segment with the
//! right identity, and as the ids to build one from.
#![no_main]

use libfuzzer_sys::fuzz_target;
use quash_core::{
    RevocationId,
    segment::{Builder, Segment, Slice, Snapshot},
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
    if let [one_in @ 1..=255, shift @ 0..=22, ids @ ..] = input {
        build(u32::from(*one_in) << shift, ids);
    }
});

/// Whatever can be parsed can be asked.
fn asked(bytes: &[u8]) {
    let Ok(segment) = Segment::parse(bytes.to_vec()) else { return };
    assert_eq!(segment.as_bytes(), bytes);
    for mut id in bytes.windows(16).flat_map(<[u8]>::first_chunk).copied() {
        // Of its slice, which has them all.
        id[0] = segment.snapshot().slice.get() << 2 | id[0] & 3;
        segment.contains(&RevocationId::from_bytes(id));
    }
}

/// Whatever was built in is found, in its own slice.
fn build(one_in: u32, ids: &[u8]) {
    let Some(one_in) = one_in.try_into().ok() else { return };
    // They differ in what decides where they are: a byte for the kind, four for the rest.
    let ids = ids.as_chunks().0.iter().map(|&[kind, a, b, c, d]| {
        let mut id = [kind; 16];
        id[..4].copy_from_slice(&[a, b, c, d]);
        RevocationId::from_bytes(id)
    });
    let mut ids: Vec<_> = ids.collect();
    let slice = ids.first().map_or(Slice::of(&RevocationId::from_bytes([0; 16])), Slice::of);
    ids.sort_unstable();
    let mut builder = Builder::new(Snapshot { shard: 0, epoch: 0, seq: 0, slice }, one_in);
    let (ours, others): (Vec<_>, Vec<_>) = ids.into_iter().partition(|id| builder.push(id).is_ok());
    let segment = Segment::parse(builder.finish().unwrap()).unwrap();
    assert!(ours.iter().all(|id| segment.contains(id)) && segment.len() <= ours.len());
    assert!(others.iter().all(|id| Slice::of(id) != slice && !segment.contains(id)));
}
