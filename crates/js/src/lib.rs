//! The core for JavaScript Workers and servers, so that they decide exactly as the edge does.
//!
//! In scope: bindings. Out of scope: any logic, which is `quash-core`'s.

use quash_core::UnverifiedToken;
use wasm_bindgen::prelude::wasm_bindgen;

/// The stable code of what is wrong with the form of a token, before any key is looked at; `undefined` when nothing is.
#[wasm_bindgen(js_name = malformed)]
pub fn malformed(token: &str) -> Option<String> {
    UnverifiedToken::parse(token).err().map(|refusal| refusal.code().into())
}
