//! Reads what the caller wants out of a JavaScript object, without trusting its shape.

use alloc::string::String;

use js_sys::Array;
use quash_core::logout::Selection;
use wasm_bindgen::prelude::*;

use crate::{effects::notify::Notice, object::member, wipe::Wanted};

const DEFAULT_ENDPOINT: &str = "/auth/logout";

/// Long enough for a slow phone, short enough for somebody who watches a button.
const DEFAULT_TIMEOUT_MS: f64 = 5000.0;

/// The options of one logout.
pub(crate) struct Options {
    pub(crate) notice: Notice,
    pub(crate) wipe: Wanted,
    pub(crate) epoch: String,
}

impl Options {
    pub(crate) fn read(options: &JsValue) -> Self {
        let member = |name: &str| member(options, name);
        Self {
            notice: Notice {
                endpoint: member("endpoint").as_string().unwrap_or_else(|| DEFAULT_ENDPOINT.into()),
                token: member("token").as_string(),
                scope: member("scope").as_string(),
                timeout_ms: member("timeout").as_f64().unwrap_or(DEFAULT_TIMEOUT_MS),
            },
            wipe: Wanted {
                cookies: selection(&member("cookies")),
                local_storage: selection(&member("localStorage")),
                session_storage: selection(&member("sessionStorage")),
            },
            epoch: member("epoch").as_string().unwrap_or_default(),
        }
    }
}

fn selection(value: &JsValue) -> Selection<String> {
    if value.as_string().is_some_and(|word| word == "everything") {
        Selection::Everything
    } else if Array::is_array(value) {
        let names: &Array = value.unchecked_ref();
        Selection::Names((0..names.length()).filter_map(|at| names.get(at).as_string()).collect())
    } else {
        Selection::Nothing
    }
}
