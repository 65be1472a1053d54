//! An axum server with every kind of route.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    body::Bytes,
    http::HeaderMap,
    routing::{any, post_service},
};
use quash_tower::{Authorized, Config, Mode, Outage, Policy, Quash, RedisStore};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

use crate::{
    client::{Answer, call},
    redis::Redis,
    tokens::{AUDIENCE, ISSUER, PEPPER, SECRET, keys},
};

/// A server's process, as good as: it shares nothing with another one but Redis.
pub(crate) struct App {
    pub(crate) quash: Quash,
    pub(crate) address: SocketAddr,
    /// The slow route has been reached, and may go on.
    pub(crate) reached: Arc<Notify>,
    pub(crate) go_on: Arc<Notify>,
    serving: JoinHandle<()>,
}

impl Drop for App {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

pub(crate) fn configuration() -> Value {
    json!({
        "max_staleness": 1,
        "public": ["/public/*"],
        "routes": [{ "path": "/configured", "scopes": ["accounts:write"] }],
        "token": { "cookies": ["session"] },
        "logout": { "cookies": [{ "name": "session" }], "allowed_origins": ["https://app.example"], "redirects": ["https://app.example/bye"] },
        "issuers": [{
            "issuer": ISSUER,
            "audiences": [AUDIENCE],
            "max_lifetime": 3600,
            "leeway": 5,
            "revocable_claims": ["tenant"],
            "keys": keys(),
        }],
    })
}

pub(crate) fn secret(name: &str) -> Option<String> {
    match name {
        "QUASH_PEPPER" => Some(PEPPER.into()),
        "JWT_SECRET" => Some(SECRET.into()),
        _ => None,
    }
}

impl App {
    pub(crate) async fn over(redis: &Redis) -> Self {
        Self::with(configuration(), redis.store().await).await
    }

    pub(crate) async fn with(configuration: Value, store: RedisStore) -> Self {
        let config = Config::from_json(&configuration.to_string(), secret).unwrap_or_else(|error| panic!("{error}"));
        let quash = Quash::new(config, store).unwrap();
        let (reached, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let slow = {
            let (reached, go_on) = (Arc::clone(&reached), Arc::clone(&go_on));
            move || async move {
                reached.notify_one();
                go_on.notified().await;
                "done"
            }
        };
        let layer = |policy: Policy| quash.layer().with_policy(policy);
        let hour = Duration::from_secs(3600);
        let router = Router::new()
            .route("/me", any(tell))
            .route("/configured", any(tell))
            .route("/public/page", any(tell))
            .route("/slow", any(slow))
            .layer(quash.layer())
            .route("/strict", any(tell).layer(layer(Policy::new().mode(Mode::Strict))))
            .route("/strict-open", any(tell).layer(layer(Policy::new().mode(Mode::Strict).outage(Outage::DangerOpen))))
            .route("/scoped", any(tell).layer(layer(Policy::new().scope("accounts:write"))))
            .route("/audience", any(tell).layer(layer(Policy::new().audience("accounts"))))
            .route("/optional", any(tell).layer(layer(Policy::new().optional())))
            .route("/known", any(tell).layer(layer(Policy::new().outage(Outage::LastKnownGood(hour)))))
            .route("/open", any(tell).layer(layer(Policy::new().outage(Outage::DangerOpen))))
            .route("/eventual", any(tell).layer(layer(Policy::new().mode(Mode::Eventual))))
            .route("/auth/logout", post_service(quash.logout()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { quash, address, reached, go_on, serving }
    }

    /// Asks with a bearer token.
    pub(crate) async fn get(&self, path: &str, token: &str) -> Answer {
        self.ask(&format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n"), "").await
    }

    /// Sends what is written there, and what has to be in each request.
    pub(crate) async fn ask(&self, head: &str, body: &str) -> Answer {
        call(self.address, head, body).await
    }

    /// The status, and the code of a refusal.
    pub(crate) async fn verdict(&self, path: &str, token: &str) -> (u16, String) {
        self.get(path, token).await.verdict()
    }
}

async fn tell(authorized: Option<Extension<Authorized>>, headers: HeaderMap, body: Bytes) -> String {
    let all: Vec<_> =
        headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().unwrap_or("?")])).collect();
    let claims =
        |authorized: &Extension<Authorized>| serde_json::from_slice::<Value>(&authorized.claims_json()).unwrap();
    json!({
        "claims": authorized.as_ref().map(claims),
        "source": authorized.as_ref().map(|authorized| authorized.source().name()),
        "verdict_source": authorized.as_ref().map(|authorized| authorized.verdict_source().name()),
        "headers": all,
        "body": String::from_utf8_lossy(&body),
    })
    .to_string()
}
