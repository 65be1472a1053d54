use std::time::Duration;

use quash_edge::{Authorized, Policy, Quash, refusal};
use serde_json::json;
use worker::{Delay, Request, Response, Result};

/// A handler that routes by itself.
pub(crate) async fn answer(quash: &Quash, request: Request) -> Result<Response> {
    let path = request.path();
    let policy = match path.as_str() {
        "/plain/accounts" => Policy::new().audience("accounts").scope("accounts:write"),
        "/plain/news" => Policy::new().optional(),
        _ => Policy::new(),
    };
    let authorized = match quash.authorize_with(&request, policy).await {
        Ok(authorized) => authorized,
        Err(error) => return refusal(&error),
    };
    if let Some(millis) = path.strip_prefix("/plain/slow/") {
        Delay::from(Duration::from_millis(millis.parse().unwrap_or_default())).await;
    }
    match quash.confirm(authorized.as_ref()) {
        Ok(()) => Response::from_json(&json!({ "claims": authorized.as_ref().map(Authorized::claims) })),
        Err(error) => refusal(&error),
    }
}
