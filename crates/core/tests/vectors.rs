//! The vectors that the JavaScript tests read too.
#![allow(clippy::panic, clippy::unwrap_used, reason = "a test that panics has failed, as it should")]

use quash_core::{Pepper, Target};
use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

#[test]
fn revocation_ids() {
    let vectors: Vec<Value> = serde_json::from_str(include_str!("../../../tests/vectors/revocation-ids.json")).unwrap();
    assert!(vectors.len() >= 20);
    for vector in &vectors {
        let text = |member: &str| vector[member].as_str().unwrap();
        let field = |index: usize| vector["fields"][index].as_str().unwrap();
        let target = match text("kind") {
            "token_id" => Target::TokenId(field(0)),
            "signing_input" => Target::SigningInput(hex(field(0)).try_into().unwrap()),
            "session" => Target::Session(field(0)),
            "subject" => Target::Subject(field(0)),
            "client" => Target::Client(field(0)),
            "key" => Target::Key(field(0)),
            "claim" => Target::Claim { name: field(0), value: field(1) },
            "everything" => Target::Everything,
            other => panic!("unknown kind {other}"),
        };
        let pepper = Pepper::new(&hex(text("pepper"))).unwrap();
        let id = pepper.namespace(text("issuer")).id(&target);
        assert_eq!(id.to_string(), text("id"), "{}", text("name"));
    }
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
