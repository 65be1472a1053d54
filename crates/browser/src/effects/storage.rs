//! `localStorage` and `sessionStorage`. Where storage is denied, the getter itself throws.

use quash_core::logout::Area;
use wasm_bindgen::prelude::*;
use web_sys::{Storage, Window};

use crate::report::{DENIED, NOT_FOUND, Outcome};

/// The storage area, if the browser grants it.
pub(crate) fn open(window: &Window, area: Area) -> Result<Storage, JsValue> {
    let storage = match area {
        Area::Local => window.local_storage(),
        Area::Session => window.session_storage(),
    };
    storage?.ok_or(JsValue::NULL)
}

/// Removes one key.
pub(crate) fn remove(window: &Window, area: Area, key: &str) -> Outcome {
    shrink(window, area, |storage| storage.remove_item(key))
}

/// Removes all keys.
pub(crate) fn clear(window: &Window, area: Area) -> Outcome {
    shrink(window, area, Storage::clear)
}

// By the number of keys, so that no token is copied into this module's memory only to see that it is there.
fn shrink(window: &Window, area: Area, change: impl FnOnce(&Storage) -> Result<(), JsValue>) -> Outcome {
    let shrunk = open(window, area).and_then(|storage| {
        let before = storage.length()?;
        change(&storage)?;
        Ok(storage.length()? < before)
    });
    match shrunk {
        Ok(true) => Outcome::Done,
        Ok(false) => NOT_FOUND,
        Err(_) => DENIED,
    }
}
