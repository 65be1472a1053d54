use js_sys::{
    Promise,
    futures::{JsFuture, future_to_promise},
};
use wasm_bindgen::{JsValue, prelude::wasm_bindgen};

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    #[wasm_bindgen(js_name = waitUntil)]
    fn platform_wait_until(promise: &Promise);
}

/// Goes on with `work` after the request that is being answered.
pub(crate) fn wait_until(work: impl Future<Output = ()> + 'static) {
    // Nobody here waits for it.
    let _ = started(work);
}

/// Comes back when `work` is done, which goes on should the request be cancelled.
pub(crate) async fn outlive(work: impl Future<Output = ()> + 'static) {
    // It cannot fail.
    let _ = JsFuture::from(started(work)).await;
}

fn started(work: impl Future<Output = ()> + 'static) -> Promise {
    let promise = future_to_promise(async {
        work.await;
        Ok(JsValue::UNDEFINED)
    });
    platform_wait_until(&promise);
    promise
}
