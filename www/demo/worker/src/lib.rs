//! The demo's origin: a small bank that knows nothing of revocation.
//!
//! In scope: signing people in, holding their data, serving the page. Out of scope: checking tokens. Quash stands in
//! front and lets a request through to `/api/*` only with a live token, whose claims it passes on.

mod account;
mod login;
mod token;

use worker::{Context, Env, Method, Request, Response, Result, event};

/// Answers what Quash let through.
///
/// # Errors
///
/// When the platform fails, or when the binding `ASSETS` or the secret `DEMO_SIGNING_KEY` is missing.
#[event(fetch)]
pub async fn fetch(request: Request, env: Env, _context: Context) -> Result<Response> {
    match (request.path().as_str(), request.method()) {
        ("/login", Method::Post) => login::sign_in(request, &env).await,
        ("/login", Method::Delete) => login::sign_out(),
        ("/login", _) => method_not_allowed("POST, DELETE"),
        ("/api/me", Method::Get) => account::show(&request),
        ("/api/me", _) => method_not_allowed("GET"),
        _ => show_asset(request, &env).await,
    }
}

/// With its feature `http`, which tests/edge/router asks for, the `worker` crate has another type for this answer.
#[allow(clippy::useless_conversion)]
async fn show_asset(request: Request, env: &Env) -> Result<Response> {
    env.assets("ASSETS")?.fetch_request(request).await?.try_into().map_err(worker::Error::from)
}

fn method_not_allowed(allow: &str) -> Result<Response> {
    Ok(Response::builder().with_status(405).with_header("Allow", allow)?.empty())
}
