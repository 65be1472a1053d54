//! Quash in the browser: the decisions of a logout, for the npm package that carries them out.
//!
//! In scope: `quash_core::logout`, for JavaScript. Out of scope, and the npm package's: every call into the page, which is the
//! same whether this runs as WebAssembly or as JavaScript.
//!
//! Bytes are a feature, since people download this. Texts cross the border and nothing else: with `web-sys` and the objects that
//! it works on, the module and its glue were 3 KB larger (brotli) and did less.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

#[cfg(target_arch = "wasm32")]
mod runtime;

use alloc::string::String;

use quash_core::logout::{Page, Selection, expiring_writes};
use wasm_bindgen::prelude::*;

/// Is an item of this name and value selected? See [`Selection`] for how a selection is written.
#[wasm_bindgen]
pub fn selects(selection: &str, name: &str, value: &str) -> bool {
    Selection::parse(selection).selects(name, value)
}

/// What to assign to `document.cookie`, a line each, likeliest first, until the cookie can no longer be read.
#[wasm_bindgen(js_name = expiringWrites)]
pub fn expiring_writes_of(name: &str, host: &str, path: &str, secure: bool) -> String {
    expiring_writes(name, Page { host, path, secure })
}
