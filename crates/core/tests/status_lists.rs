//! The examples and test vectors of the Token Status List (draft-ietf-oauth-status-list sections 4.1 and appendix C), read and written.
#![allow(clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use miniz_oxide::inflate::decompress_to_vec_zlib;
use quash_core::{Status, StatusBits, StatusList};
use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

const VECTORS: &str = include_str!("../../../tests/vectors/status-lists.json");

struct Vector {
    section: String,
    bits: StatusBits,
    size: usize,
    /// What `lst` is once it is inflated.
    bytes: Vec<u8>,
    /// Those that are named; every other is 0.
    statuses: Vec<(u64, Status)>,
}

fn vectors() -> Vec<Vector> {
    let vectors: Vec<Value> = serde_json::from_str(VECTORS).unwrap();
    let number = |value: &Value| value.as_u64().unwrap();
    let read = |vector: &Value| {
        let lst = vector["lst"].as_str().unwrap().replace('-', "+").replace('_', "/");
        let padded = format!("{lst}{}", "=".repeat((4 - lst.len() % 4) % 4));
        let pair = |pair: &Value| (number(&pair[0]), Status(number(&pair[1]) as u8));
        Vector {
            section: vector["section"].as_str().unwrap().into(),
            bits: number(&vector["bits"]).try_into().unwrap(),
            size: number(&vector["size"]) as usize,
            bytes: decompress_to_vec_zlib(&quash_core::decode_base64(&padded).unwrap()).unwrap(),
            statuses: vector["statuses"].as_array().unwrap().iter().map(pair).collect(),
        }
    };
    vectors.iter().map(read).collect()
}

#[test]
fn lists_are_read() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 6);
    for Vector { section, bits, size, bytes, statuses } in vectors {
        let list = StatusList::new(bits, bytes);
        let mut named = 0;
        for index in 0..size as u64 {
            let expected =
                statuses.iter().find(|(other, _)| *other == index).map_or(Status::VALID, |(_, status)| *status);
            assert_eq!(list.get(index), Ok(expected), "{section} {bits:?} {index}");
            named += usize::from(expected != Status::VALID);
        }
        assert_eq!(named, statuses.iter().filter(|(_, status)| *status != Status::VALID).count(), "{section}");
        assert!(list.get(size as u64).is_err(), "{section}");
    }
}

#[test]
fn lists_are_written_byte_for_byte() {
    for Vector { section, bits, size, bytes, statuses } in vectors() {
        let mut list = StatusList::of_valid(bits, size);
        for (index, status) in statuses {
            list.set(index, status).unwrap();
        }
        assert!(list.as_bytes() == bytes, "{section} {bits:?}");
    }
}
