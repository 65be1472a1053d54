//! The endpoints of the deployable Quash Worker, by `quash-edge`.
//!
//! The entry is `www/quash/src/edge/worker.ts`. It guards with the engine alone, and comes here for what Quash answers itself.

/// The half of what the default one takes.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

mod ledger;

use std::{cell::RefCell, rc::Rc};

use js_sys::{
    Function, Promise,
    futures::{JsFuture, future_to_promise},
};
use quash_core::Revocation;
use quash_edge::{ConfigError, Quash};
use quash_engine::to_lines;
use wasm_bindgen::{JsCast, JsValue, prelude::wasm_bindgen};
use worker::{Context, Env, Request, Response, Result, console_error, event};

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    /// The bindings, which are there before the first request.
    #[wasm_bindgen(thread_local_v2, js_name = env)]
    static ENV: Env;
}

thread_local! {
    /// One for the isolate.
    static QUASH: Result<Rc<Quash>, ConfigError> = ENV.with(Quash::from_env).map(|quash| {
        quash.on_record(tell);
        Rc::new(quash)
    });
    static LISTENER: RefCell<Option<Function>> = const { RefCell::new(None) };
    static JUDGE: RefCell<Option<Function>> = const { RefCell::new(None) };
}

/// Has `listener` be told of every revocation, as soon as it is made: `KEY ENTRY` on each line. It has to be named again for each
/// request, since a panic leaves an instance that knows of none.
#[wasm_bindgen(js_name = onRecord)]
pub fn on_record(listener: Function) {
    LISTENER.set(Some(listener));
}

/// Has `judge` asked whether a token is in force: it tells what whoever comes with it is answered, or nothing if it is. It has to be named
/// again as the listener has.
#[wasm_bindgen(js_name = onJudge)]
pub fn on_judge(judge: Function) {
    JUDGE.set(Some(judge));
}

/// Revokes what the Worker's own code demands: a line with the receipt, and behind it what was revoked, as the listener is told of it. No
/// request comes here. It rejects when the configuration is wrong.
#[wasm_bindgen]
pub fn revoke(demand: String) -> Promise {
    future_to_promise(async move {
        let quash = QUASH.with(Clone::clone).map_err(|error| error.to_string())?;
        let (receipt, revoked) = quash.revoke_demanded(&demand).await;
        Ok(format!("{receipt}\n{}", to_lines(&revoked)).into())
    })
}

async fn judge(token: &str) -> Result<Option<Response>> {
    let judge = JUDGE.with_borrow(Clone::clone).ok_or("nobody judges")?;
    let answer = JsFuture::from(Promise::resolve(&judge.call1(&JsValue::NULL, &token.into())?)).await?;
    Ok((!answer.is_undefined()).then(|| answer.unchecked_into::<web_sys::Response>().into()))
}

fn tell(revocations: &[Revocation]) {
    let listener = LISTENER.with_borrow(Clone::clone);
    if let Some(Err(error)) = listener.map(|listener| listener.call1(&JsValue::NULL, &to_lines(revocations).into())) {
        console_error!("quash: the gate was not told of a revocation: {error:?}");
    }
}

#[event(fetch)]
async fn fetch(request: Request, _: Env, _: Context) -> Result<Response> {
    let quash = QUASH.with(Clone::clone).map_err(|error| error.to_string())?;
    match quash.fetch_endpoint(request, judge).await? {
        Some(answer) => Ok(answer),
        None => Response::error("is guarded by the gate", 404),
    }
}
