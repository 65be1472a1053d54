//! A Rust Worker that guards itself: `quash-edge` in an axum router, and in a plain handler.
//!
//! In scope: policies, each on a path of its own. Out of scope: doing anything; it answers with what reached it.

mod plain;
mod router;

use quash_edge::Quash;
use tower_service::Service;
use worker::{Context, Env, HttpRequest, Request, Response, Result, event};

/// Answers with what reached the handlers, or refuses.
///
/// # Errors
///
/// When the platform fails, or the configuration is wrong.
#[event(fetch)]
pub async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    let quash = Quash::shared(&env)?;
    match request.path().as_str() {
        // The tests' way to the origin, and to the store behind it.
        "/" | "/kv" => quash.fetch(request).await,
        path if path.starts_with("/plain/") => plain::answer(&quash, request).await,
        _ => router::router(&quash).call(HttpRequest::try_from(request)?).await?.try_into(),
    }
}
