use js_sys::{Promise, futures::future_to_promise};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    #[wasm_bindgen(js_name = waitUntil)]
    fn platform_wait_until(promise: &Promise);
}

/// Goes on with `work` after the request that is being answered.
pub(crate) fn wait_until(work: impl Future<Output = ()> + 'static) {
    platform_wait_until(&future_to_promise(async {
        work.await;
        Ok(JsValue::UNDEFINED)
    }));
}
