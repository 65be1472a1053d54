//! Keys that issuers publish, read from this machine.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use quash_tower::Config;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::{
    app::{App, configuration, secret},
    client::{passes, refused},
    redis::{Redis, until},
    tokens::{ISSUER, claims, signed},
};

/// What an issuer answers at `/jwks`, and how often it was asked.
#[derive(Default)]
struct Published {
    answer: Option<Result<Value, StatusCode>>,
    asked: usize,
}

type Issuer = Arc<Mutex<Published>>;

async fn start(issuer: Issuer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let jwks = format!("{url}/jwks");
    let metadata = json!({ "issuer": ISSUER, "jwks_uri": jwks }).to_string();
    let router = Router::new()
        .route("/jwks", get(publish))
        .route("/metadata", get(move || async { metadata }))
        // With a set in it, for whoever does not look at the status.
        .route("/moved", get(move || async { (StatusCode::FOUND, [(header::LOCATION, jwks)], set()) }))
        // A set as any other, but for its length.
        .route("/endless", get(|| async { set() + &" ".repeat(300_000) }))
        .with_state(issuer);
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

fn set() -> String {
    json!({ "keys": [jwk("ES256")] }).to_string()
}

async fn publish(State(issuer): State<Issuer>, headers: HeaderMap) -> Response {
    assert!(headers.contains_key("host"));
    let mut issuer = issuer.lock().unwrap();
    issuer.asked += 1;
    match issuer.answer.clone() {
        Some(Ok(keys)) => keys.to_string().into_response(),
        Some(Err(status)) => status.into_response(),
        None => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// The public key of the core's tests for this algorithm, as its issuer publishes it.
fn jwk(alg: &str) -> Value {
    let point = |pem: &str, prefix: usize| {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        base64::prelude::BASE64_STANDARD.decode(body).unwrap()[prefix..].to_vec()
    };
    let text = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    match alg {
        "ES256" => {
            let point = point(include_str!("../../../core/tests/keys/es256.pub.pem"), 27);
            json!({ "kty": "EC", "crv": "P-256", "kid": alg, "x": text(&point[..32]), "y": text(&point[32..]) })
        }
        "EdDSA" => {
            let key = point(include_str!("../../../core/tests/keys/eddsa.pub.pem"), 12);
            json!({ "kty": "OKP", "crv": "Ed25519", "kid": alg, "x": text(&key) })
        }
        "RS256" => {
            // A modulus of 2048 bits and the exponent 65537, each behind its tag and length.
            let key = point(include_str!("../../../core/tests/keys/rs256.pub.pem"), 33);
            let (modulus, exponent) = (&key[..256], &key[key.len() - 3..]);
            json!({ "kty": "RSA", "alg": alg, "kid": alg, "n": text(modulus), "e": text(exponent) })
        }
        _ => panic!("{alg}"),
    }
}

fn published(at: &str, url: &str) -> Value {
    let mut configuration = configuration();
    let issuer = &mut configuration["issuers"][0];
    issuer.as_object_mut().unwrap().remove("keys");
    issuer[at] = json!(url);
    configuration
}

#[tokio::test]
async fn published_keys_are_read_once_for_all_requests() {
    let redis = Redis::start(&[]).await;
    for (at, path) in [("jwks_uri", "/jwks"), ("metadata", "/metadata")] {
        let issuer = Issuer::default();
        let url = start(Arc::clone(&issuer)).await;
        let algorithms = ["RS256", "ES256", "EdDSA"];
        issuer.lock().unwrap().answer = Some(Ok(json!({ "keys": algorithms.map(jwk) })));
        let app = App::with(published(at, &format!("{url}{path}")), redis.store().await).await;
        let tokens: Vec<String> = algorithms.iter().map(|kid| signed(kid, &claims(&json!({})))).collect();
        let verdicts = (0..12).map(|number| app.verdict("/me", &tokens[number % 3]));
        for verdict in futures_util::future::join_all(verdicts).await {
            assert_eq!(verdict, passes());
        }
        assert_eq!(issuer.lock().unwrap().asked, 1, "{at}");
        for token in &tokens {
            let (signed_part, signature) = token.rsplit_once('.').unwrap();
            let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
            bytes[7] ^= 1;
            let forged = format!("{signed_part}.{}", BASE64_URL_SAFE_NO_PAD.encode(bytes));
            assert_eq!(app.verdict("/me", &forged).await, refused(401, "signature_invalid"));
        }
        // Of a key that is not there the issuer is not asked again at once.
        assert_eq!(app.verdict("/me", &signed("ES384", &claims(&json!({})))).await, refused(401, "key_unknown"));
        assert_eq!(issuer.lock().unwrap().asked, 1, "{at}");
    }
}

#[tokio::test]
async fn keys_that_cannot_be_read_are_an_outage_that_ends() {
    let redis = Redis::start(&[]).await;
    let issuer = Issuer::default();
    let url = start(Arc::clone(&issuer)).await;
    let app = App::with(published("jwks_uri", &format!("{url}/jwks")), redis.store().await).await;
    let token = signed("ES256", &claims(&json!({})));
    for answer in [Err(StatusCode::INTERNAL_SERVER_ERROR), Ok(json!("no keys"))] {
        issuer.lock().unwrap().answer = Some(answer);
        assert_eq!(app.verdict("/me", &token).await, refused(503, "keys_unavailable"));
        assert_eq!(app.quash.destroy(&token).await.unwrap_err().code(), "keys_unavailable");
    }
    issuer.lock().unwrap().answer = Some(Ok(json!({ "keys": [jwk("ES256")] })));
    until(async || app.verdict("/me", &token).await == passes()).await;
}

#[tokio::test]
async fn no_redirection_is_followed_and_no_document_read_without_end() {
    let redis = Redis::start(&[]).await;
    let issuer = Issuer::default();
    let url = start(Arc::clone(&issuer)).await;
    issuer.lock().unwrap().answer = Some(Ok(json!({ "keys": [jwk("ES256")] })));
    let token = signed("ES256", &claims(&json!({})));
    for path in ["/moved", "/endless", "/nowhere"] {
        let app = App::with(published("jwks_uri", &format!("{url}{path}")), redis.store().await).await;
        assert_eq!(app.verdict("/me", &token).await, refused(503, "keys_unavailable"), "{path}");
    }
    assert_eq!(issuer.lock().unwrap().asked, 0);
    // Nobody listens there.
    let gone = App::with(published("jwks_uri", "http://127.0.0.1:1/jwks"), redis.store().await).await;
    assert_eq!(gone.verdict("/me", &token).await, refused(503, "keys_unavailable"));
}

#[test]
fn a_key_that_cannot_be_used_stops_the_start() {
    let mut configuration = configuration();
    let wrong = |configuration: &Value| match Config::from_json(&configuration.to_string(), secret) {
        Ok(_) => panic!("it is taken"),
        Err(error) => error.to_string(),
    };
    let rsa = configuration["issuers"][0]["keys"][1]["pem"].clone();
    for (alg, pem) in
        [("ES256", rsa.clone()), ("EdDSA", rsa), ("RS256", configuration["issuers"][0]["keys"][3]["pem"].clone())]
    {
        configuration["issuers"][0]["keys"] = json!([{ "alg": alg, "pem": pem }]);
        let problem = wrong(&configuration);
        assert!(problem.starts_with("QUASH.issuers[0].keys[0].pem: "), "{problem}");
    }
    let short = json!({ "kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA" });
    configuration["issuers"][0]["keys"] = json!([{ "alg": "ES256", "jwk": short }]);
    assert!(wrong(&configuration).contains("cannot be imported"));
    let p521 = json!({ "kty": "EC", "crv": "P-521", "x": "A".repeat(88), "y": "A".repeat(88) });
    configuration["issuers"][0]["keys"] = json!([{ "alg": "ES512", "jwk": p521 }]);
    assert!(wrong(&configuration).contains("not supported on servers"));
    configuration["issuers"][0]["keys"] = json!([{ "alg": "HS256", "secret": "MISSING" }]);
    assert_eq!(wrong(&configuration), "QUASH.issuers[0].keys[0].secret: no secret `MISSING` is set");
    for (field, value, problem) in [
        ("ledger", json!({}), "is none of"),
        ("mode", json!("eventual"), "Workers KV"),
        ("max_staleness", json!(0), "between 1 and 60"),
    ] {
        let mut configuration = crate::app::configuration();
        configuration[field] = value;
        let told = wrong(&configuration);
        assert!(told.starts_with(&format!("QUASH.{field}: ")) && told.contains(problem), "{told}");
    }
}
