//! What the docs of `quash-edge` show first: a guard in front of an origin, in one line.
//!
//! In scope: being tested beside the gate. Out of scope: everything else.

use quash_edge::Quash;
use worker::{Context, Env, Request, Response, Result, event};

/// Guards the origin, and answers the endpoints.
///
/// # Errors
///
/// When the platform fails, or the configuration is wrong.
#[event(fetch)]
pub async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    Quash::shared(&env)?.fetch(request).await
}
