//! What the guard costs in a Worker written in Rust.
//!
//! In scope: answering like `hello` to whoever has a token. Out of scope: everything else.

use quash_edge::{Quash, refusal};
use worker::{Context, Env, Request, Response, Result, event};

/// Answers every request alike that may pass.
///
/// # Errors
///
/// When the platform fails, or the configuration is wrong.
#[event(fetch)]
pub async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    match Quash::shared(&env)?.authorize(&request).await {
        Ok(_) => Response::ok("ok"),
        Err(error) => refusal(&error),
    }
}
