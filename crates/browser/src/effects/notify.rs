//! The edge, told by one request that outlives the page.

use alloc::string::String;

use js_sys::{Array, Promise};
use wasm_bindgen::prelude::*;
use web_sys::{Response, UrlSearchParams};

use crate::{
    answer::Answer,
    object::{member, object},
};

/// What to tell the edge.
pub(crate) struct Notice {
    pub(crate) endpoint: String,
    pub(crate) token: Option<String>,
    pub(crate) scope: Option<String>,
    pub(crate) timeout_ms: f64,
}

#[wasm_bindgen]
extern "C" {
    // Bound by hand, because `web-sys` has none of these with `catch`: a page may have replaced `fetch`, and older browsers
    // lack `AbortSignal.timeout`.
    #[wasm_bindgen(catch)]
    fn fetch(url: &str, init: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(catch, js_namespace = AbortSignal, js_name = timeout)]
    fn abort_after(milliseconds: f64) -> Result<JsValue, JsValue>;

    type Thenable;

    // `js_sys` borrows a closure that somebody has to keep; these belong to the promise.
    #[wasm_bindgen(method)]
    fn then(this: &Thenable, resolved: &JsValue) -> Promise;
}

/// Sends the notice at once. The promise is `fetch`'s.
///
/// A form body and no header of our own make it a simple request: no preflight, also to another origin. `keepalive` lets it
/// outlive the page.
pub(crate) fn send(notice: &Notice) -> Promise {
    let init = object(&[
        ("method", "POST".into()),
        ("credentials", "include".into()),
        ("keepalive", true.into()),
        ("body", form(notice)),
        ("signal", abort_after(notice.timeout_ms).unwrap_or(JsValue::UNDEFINED)),
    ]);
    fetch(&notice.endpoint, &init).map_or_else(|thrown| Promise::reject(&thrown), |sent| Promise::resolve(&sent))
}

// No body at all when the cookies say everything.
fn form(notice: &Notice) -> JsValue {
    let Ok(form) = UrlSearchParams::new() else { return JsValue::UNDEFINED };
    let fields = [("token", &notice.token), ("scope", &notice.scope)];
    for (name, value) in fields {
        if let Some(value) = value {
            form.append(name, value);
        }
    }
    if fields.iter().all(|(_, value)| value.is_none()) { JsValue::UNDEFINED } else { form.into() }
}

/// Hands the edge's answer to `finish` when `sent` settles, either way.
pub(crate) fn settle(sent: Promise, finish: impl Fn(Answer) -> JsValue + 'static) -> Promise {
    let read = then(sent, |response| {
        let status = member(&response, "status");
        let text = response.unchecked_into::<Response>().text().map_or(JsValue::UNDEFINED, Into::into);
        Promise::all(&Array::of2(&status, &text)).into()
    });
    then(Promise::all_settled(&Array::of1(&read)), move |settled| finish(Answer::read(&member(&settled, "0"))))
}

fn then(promise: Promise, next: impl Fn(JsValue) -> JsValue + 'static) -> Promise {
    let next: Closure<dyn Fn(JsValue) -> JsValue> = Closure::new(next);
    promise.unchecked_into::<Thenable>().then(&next.into_js_value())
}
