//! `GET /api/me`: what a thief is after.

use serde_json::json;
use worker::{Request, Response, Result};

use crate::token::Claims;

/// Shows the account of the person whom Quash has verified.
pub(crate) fn show(request: &Request) -> Result<Response> {
    let Some(claims) = request.headers().get("Quash-Claims")?.and_then(|header| Claims::from_guard(&header)) else {
        return Ok(Response::from_json(&json!({ "message": "reached without Quash in front" }))?.with_status(403));
    };
    let mut response = Response::from_json(&json!({
        "name": claims.name,
        "account": "•••• 4471",
        "currency": "EUR",
        "balance_cents": 1_248_055,
        "activity": [
            { "what": "Salary", "cents": 412_000 },
            { "what": "Rent", "cents": -135_000 },
            { "what": "City Hospital", "cents": -18_640 },
        ],
        "expires_at": claims.exp * 1000,
    }))?;
    response.headers_mut().set("Cache-Control", "no-store")?;
    Ok(response)
}
