//! Cookies, through `document.cookie`.

use alloc::string::String;

use quash_core::logout::{CookieName, is_readable};
use wasm_bindgen::prelude::*;
use web_sys::{HtmlDocument, Window};

use crate::report::{DENIED, NOT_FOUND, Outcome};

/// The value of `document.cookie`. It throws where cookies are denied, as in a sandboxed frame.
pub(crate) fn jar(window: &Window) -> Result<String, JsValue> {
    document(window)?.cookie()
}

/// Tries `writes` until `name` can no longer be read. A page can read whatever it can delete of its own path, so what was
/// never readable (absent, or `HttpOnly`) is skipped, and what still is after the last write is a failure.
pub(crate) fn expire(window: &Window, name: &CookieName, writes: &[String]) -> Outcome {
    try_expire(window, name, writes).unwrap_or(DENIED)
}

fn try_expire(window: &Window, name: &CookieName, writes: &[String]) -> Result<Outcome, JsValue> {
    let document = document(window)?;
    if !is_readable(&document.cookie()?, name) {
        return Ok(NOT_FOUND);
    }
    for write in writes {
        document.set_cookie(write)?;
        if !is_readable(&document.cookie()?, name) {
            return Ok(Outcome::Done);
        }
    }
    Ok(Outcome::Failed("still_readable"))
}

fn document(window: &Window) -> Result<HtmlDocument, JsValue> {
    window.document().map(JsCast::unchecked_into).ok_or(JsValue::NULL)
}
