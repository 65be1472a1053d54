//! What the edge answered, and what may be concluded from it.

use alloc::string::String;

use js_sys::{Array, JSON};
use wasm_bindgen::prelude::*;

use crate::object::{member, object, set};

/// The answer to `POST /auth/logout` (`docs/http.md`), or what came instead of one.
pub(crate) struct Answer {
    /// `undefined` when nothing came.
    status: JsValue,
    /// `undefined` when the body was not JSON.
    body: JsValue,
    /// The name of the error that came instead, for example `TimeoutError`.
    error: Option<String>,
}

impl Answer {
    /// Takes an answer out of what `Promise.allSettled` made of a promise for `[status, text]`.
    pub(crate) fn read(settled: &JsValue) -> Self {
        let value = member(settled, "value");
        let body = member(&value, "1").as_string().and_then(|text| JSON::parse(&text).ok());
        Self {
            status: member(&value, "0"),
            body: body.unwrap_or(JsValue::UNDEFINED),
            error: member(&member(settled, "reason"), "name").as_string(),
        }
    }

    /// Is whatever was presented revoked for good? Nothing but a 200 that says so is taken for it.
    pub(crate) fn is_confirmation(&self) -> bool {
        self.status.as_f64() == Some(200.0) && self.outcome().as_string().is_some_and(|outcome| outcome == "revoked")
    }

    /// The report's `edge`.
    pub(crate) fn to_js(&self) -> JsValue {
        let (outcome, code) = (self.outcome(), self.code());
        let edge = object(&[("status", self.status.as_f64().unwrap_or(0.0).into())]);
        let reason = if self.status.is_undefined() {
            let timed_out = self.error.as_ref().is_some_and(|name| name == "TimeoutError");
            if timed_out { "timeout".into() } else { "network".into() }
        } else if outcome.is_undefined() && code.is_undefined() {
            "not_understood".into()
        } else {
            JsValue::UNDEFINED
        };
        let revoked_at = member(&self.body, "revoked_at");
        for (name, value) in [("outcome", outcome), ("code", code), ("revokedAt", revoked_at), ("reason", reason)] {
            if !value.is_undefined() {
                set(&edge, name, &value);
            }
        }
        edge
    }

    fn outcome(&self) -> JsValue {
        member(&self.body, "outcome")
    }

    // Of an error as a whole, else of the first token that could not be revoked.
    fn code(&self) -> JsValue {
        let code = member(&self.body, "code");
        let tokens = member(&self.body, "tokens");
        if !code.is_undefined() || !Array::is_array(&tokens) {
            return code;
        }
        let tokens: &Array = tokens.unchecked_ref();
        let mut codes = (0..tokens.length()).map(|at| member(&tokens.get(at), "code"));
        codes.find(|code| !code.is_undefined()).unwrap_or(code)
    }
}
