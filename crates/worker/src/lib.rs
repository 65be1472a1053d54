//! The deployable Quash Worker: reads its configuration when it starts, then hands every request to `quash-edge`.

use std::rc::Rc;

use quash_edge::Quash;
use wasm_bindgen::prelude::wasm_bindgen;
use worker::{Context, Env, Request, Response, Result, event};

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    /// The bindings, which are there before the first request.
    #[wasm_bindgen(thread_local_v2, js_name = env)]
    static ENV: Env;
}

thread_local! {
    /// One for the isolate.
    static QUASH: Rc<Quash> = Rc::new(ENV.with(|env| Quash::from_env(env)).unwrap_or_else(|error| refuse(&error)));
}

/// Ends the start of the Worker, so that a wrong configuration never gets as far as a request: `wrangler deploy` fails with
/// this message, and the version before goes on serving.
fn refuse(error: &quash_edge::ConfigError) -> ! {
    wasm_bindgen::throw_str(&format!("quash: the configuration is wrong: {error}"))
}

#[event(start)]
fn start() {
    QUASH.with(|_| ());
}

#[event(fetch)]
async fn fetch(request: Request, _: Env, _: Context) -> Result<Response> {
    let quash = QUASH.with(Rc::clone);
    quash.fetch(request).await
}
