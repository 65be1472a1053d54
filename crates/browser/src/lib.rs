//! Quash in the browser: the logout of one page.
//!
//! In scope: wiping what `quash_core::logout` lists, telling the edge and the other tabs, and a report of what became of
//! each. Out of scope: what to wipe and in which order (`quash-core`), and everything that must work before or without
//! WebAssembly (the npm package `quash`: reading the token at the click, listening to other tabs, the element).
//!
//! No call into the page may stop the others. Browsers deny storage by throwing, and pages replace what they like, so every
//! binding used here either returns `Result` or cannot throw; an error ends as one effect's outcome.
//!
//! Bytes are a feature, since people download this: no serde, no futures executor, no formatting.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod answer;
mod effects;
mod object;
mod options;
mod report;
#[cfg(target_arch = "wasm32")]
mod runtime;
mod wipe;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use web_sys::Window;

use crate::{
    effects::{notify, tabs},
    options::Options,
    report::report,
};

/// Logs this page out, and resolves with what the npm package calls `LogoutReport`. Never rejects.
///
/// `options` are the npm package's `LogoutOptions`, with two differences: `token` is the token itself, and `epoch` names
/// this logout for the other tabs. The request to the edge is sent before this returns, and the wipe is over by then.
#[wasm_bindgen]
pub fn logout(window: &Window, options: &JsValue) -> Promise {
    let options = Options::read(options);
    let sent = notify::send(&options.notice);

    let effects = Array::new();
    wipe::run(window, options.wipe, &effects);
    // After the wipe: "everything" would take the epoch as well.
    tabs::announce(window, &options.epoch, &effects);

    notify::settle(sent, move |answer| report(&answer, &effects))
}
