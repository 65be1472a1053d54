use std::{rc::Rc, time::Duration};

use axum::{
    Extension, Router,
    extract::Path,
    http::{HeaderMap, header::CONTENT_TYPE},
    response::IntoResponse,
    routing::{any, get},
};
use quash_edge::{Authorized, Mode, Outage, Policy, Quash};
use serde_json::json;
use worker::{Delay, send::IntoSendFuture};

/// Each of the routes below the first layer has a policy of its own.
pub(crate) fn router(quash: &Rc<Quash>) -> Router {
    let layer = |policy: Policy| quash.layer().with_policy(policy);
    Router::new()
        .route("/guarded", any(tell))
        .route("/slow/{millis}", get(tell_slowly))
        .route("/both", any(tell).layer(layer(Policy::new().scope("accounts:write"))))
        .nest("/nested", Router::new().route("/public/page", get(tell)))
        .layer(quash.layer())
        .route("/accounts", any(tell).layer(layer(Policy::new().audience("accounts").scope("accounts:write"))))
        .route("/news", any(tell).layer(layer(Policy::new().optional())))
        .route("/open", any(tell).layer(layer(Policy::new().outage(Outage::DangerOpen))))
        .route("/isolate", any(tell).layer(layer(Policy::new().mode(Mode::DangerIsolate))))
        .route("/public/strict", any(tell).layer(layer(Policy::new())))
}

async fn tell(authorized: Option<Extension<Authorized>>, headers: HeaderMap, body: String) -> impl IntoResponse {
    let header = |name| headers.get(name).and_then(|value: &axum::http::HeaderValue| value.to_str().ok());
    let told = json!({
        "claims": authorized.as_ref().map(|authorized| authorized.claims()),
        "source": authorized.as_ref().map(|authorized| authorized.source().name()),
        "verdict_source": authorized.as_ref().map(|authorized| authorized.verdict_source().name()),
        "headers": {
            "quash-claims": header("quash-claims"),
            "quash-other": header("quash-other"),
            "quash-source": header("quash-source"),
            "authorization": header("authorization"),
            "x-mine": header("x-mine"),
        },
        "body": body,
    });
    ([(CONTENT_TYPE, "application/json")], told.to_string())
}

async fn tell_slowly(Path(millis): Path<u64>, authorized: Extension<Authorized>) -> impl IntoResponse {
    Delay::from(Duration::from_millis(millis)).into_send().await;
    tell(Some(authorized), HeaderMap::new(), String::new()).await
}
