//! Plain JavaScript objects, read and made without trusting anybody's shape.

use js_sys::{Object, Reflect};
use wasm_bindgen::prelude::*;

/// A member of an object; `undefined` when there is none, when this is no object, or when reading it throws.
pub(crate) fn member(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// A new object of these members.
pub(crate) fn object(members: &[(&str, JsValue)]) -> JsValue {
    let object = Object::new().into();
    for (name, value) in members {
        set(&object, name, value);
    }
    object
}

/// Sets a member of an object that this module made; that cannot fail.
pub(crate) fn set(object: &JsValue, name: &str, value: &JsValue) {
    let _ = Reflect::set(object, &name.into(), value);
}
