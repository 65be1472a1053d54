//! The deployable Quash Worker: reads its configuration when it starts, then hands every request to `quash-edge`.
//!
//! `index.js` beside this crate's manifest is the entry: it refuses to start where [`refusal`] has something to say.

use std::rc::Rc;

use quash_edge::{ConfigError, Quash};
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
    static QUASH: Result<Rc<Quash>, ConfigError> = ENV.with(Quash::from_env).map(Rc::new);
}

/// Why the Worker must not start, if so.
#[wasm_bindgen]
pub fn refusal() -> Option<String> {
    QUASH.with(|quash| Some(format!("quash: the configuration is wrong: {}", quash.as_ref().err()?)))
}

#[event(fetch)]
async fn fetch(request: Request, _: Env, _: Context) -> Result<Response> {
    let quash = QUASH.with(Clone::clone).map_err(|error| error.to_string())?;
    quash.fetch(request).await
}
