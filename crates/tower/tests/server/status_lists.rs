//! Status lists that an issuer publishes, read from this machine.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{Router, extract::Path, http::StatusCode, routing::get};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use miniz_oxide::deflate::compress_to_vec_zlib;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    app::{App, configuration},
    client::{passes, refused},
    redis::Redis,
    tokens::{claims, now, signed, typed},
};

/// Publishes lists: a good one at `/lists/good`, and others that are not. Counts what was asked.
async fn start(asked: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let lists = format!("{url}/lists");
    let publish = move |Path(name): Path<String>| async move {
        asked.fetch_add(1, Ordering::Relaxed);
        let uri = format!("{lists}/{name}");
        match name.as_str() {
            "good" => Ok(list("ES256", &uri, &[0b11_10_01_00])),
            "hmac" => Ok(list("HS256", &uri, &[0b11_10_01_00])),
            "other" => Ok(list("ES256", &lists, &[0])),
            // Sixteen mebibytes, in a few kilobytes.
            "bomb" => Ok(list("ES256", &uri, &vec![0; 1 << 24])),
            _ => Err(StatusCode::INTERNAL_SERVER_ERROR),
        }
    };
    let router = Router::new().route("/lists/{name}", get(publish));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

fn list(kid: &str, uri: &str, bytes: &[u8]) -> String {
    let lst = BASE64_URL_SAFE_NO_PAD.encode(compress_to_vec_zlib(bytes, 9));
    let claims = json!({ "sub": uri, "iat": now() - 1, "ttl": 300, "status_list": { "bits": 2, "lst": lst } });
    typed("statuslist+jwt", kid, &claims)
}

fn checking(url: &str) -> Value {
    let mut configuration = configuration();
    configuration["issuers"][0]["status_lists"] = json!({ "uris": [format!("{url}/lists/")] });
    configuration["routes"] = json!([{ "path": "/configured", "outage": "danger_open" }]);
    configuration
}

#[tokio::test]
async fn a_list_says_which_tokens_are_in_force() {
    let redis = Redis::start(&[]).await;
    let asked = Arc::new(AtomicUsize::new(0));
    let url = start(Arc::clone(&asked)).await;
    let app = App::with(checking(&url), redis.store().await).await;
    let token = |uri: String, index: u64| {
        signed("ES256", &claims(&json!({ "status": { "status_list": { "idx": index, "uri": uri } } })))
    };
    let unavailable = || refused(503, "status_list_unavailable");
    for (number, name) in ["good", "hmac"].into_iter().enumerate() {
        for (index, expected) in [
            (0, passes()),
            (1, refused(401, "token_revoked")),
            (2, refused(401, "token_suspended")),
            (3, refused(401, "token_status_refused")),
            (4, unavailable()),
        ] {
            let token = token(format!("{url}/lists/{name}"), index);
            assert_eq!(app.verdict("/me", &token).await, expected, "{name} {index}");
        }
        assert_eq!(asked.load(Ordering::Relaxed), number + 1);
    }
    for name in ["other", "bomb", "down"] {
        let token = token(format!("{url}/lists/{name}"), 0);
        assert_eq!(app.verdict("/me", &token).await, unavailable(), "{name}");
        assert_eq!(app.verdict("/configured", &token).await, passes(), "{name}");
    }
    assert_eq!(asked.load(Ordering::Relaxed), 5);
    for uri in [format!("{url}/other"), format!("{url}/lists/../other"), "https://evil.example/lists/good".into()] {
        assert_eq!(app.verdict("/me", &token(uri, 0)).await, refused(401, "status_list_refused"));
    }
    assert_eq!(app.verdict("/me", &signed("ES256", &claims(&json!({})))).await, passes(), "it is in no list");
    assert_eq!(asked.load(Ordering::Relaxed), 5);
}
