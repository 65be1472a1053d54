//! What the `worker` crate costs before a Worker does anything.
//!
//! In scope: answering. Out of scope: everything else.

use worker::{Context, Env, Request, Response, Result, event};

/// Answers every request alike.
///
/// # Errors
///
/// When the platform fails.
#[event(fetch)]
pub async fn fetch(_request: Request, _env: Env, _context: Context) -> Result<Response> {
    Response::ok("ok")
}
