use quash_tower::Target;
use serde_json::json;

use crate::{
    app::App,
    client::{passes, refused},
    redis::{DURABLE, Redis, until},
    tokens::{ISSUER, token},
};

#[tokio::test]
async fn an_outage_is_met_as_each_route_wants_it() {
    let mut redis = Redis::start(&DURABLE).await;
    let (app, other) = (App::over(&redis).await, App::over(&redis).await);
    let (good, known, unknown) = (token(&json!({})), token(&json!({})), token(&json!({})));
    for path in ["/me", "/strict", "/known", "/open"] {
        assert_eq!(app.verdict(path, &good).await, passes(), "{path}");
    }
    other.quash.destroy(&known).await.unwrap();
    until(async || app.verdict("/me", &known).await == refused(401, "token_revoked")).await;
    redis.kill().await;

    // A strict route asks for each token.
    assert_eq!(app.verdict("/strict", &good).await, refused(503, "store_unavailable"));
    until(async || app.verdict("/me", &good).await == refused(503, "store_unavailable")).await;
    assert_eq!(app.get("/me", &good).await.header("retry-after"), Some("5"));
    for (path, source) in [("/known", "last_known_good"), ("/open", "none"), ("/strict-open", "none")] {
        let answer = app.get(path, &good).await;
        assert_eq!((answer.status, &answer.json()["verdict_source"]), (200, &json!(source)), "{path}");
        // Whoever stands behind the guard is told.
        assert!(answer.told("quash-source")[0].starts_with(source), "{path}");
        assert_eq!(app.verdict(path, &known).await, refused(401, "token_revoked"), "{path}");
        assert_eq!(app.verdict(path, &unknown).await, passes(), "{path}");
    }
    // Nothing is acknowledged; and what was to be destroyed is refused here.
    assert_eq!(app.quash.destroy(&unknown).await.unwrap_err().code(), "store_unavailable");
    assert_eq!(app.verdict("/open", &unknown).await, refused(401, "token_revoked"));
    let logout = app.ask(&format!("POST /auth/logout HTTP/1.1\r\nAuthorization: Bearer {good}\r\n"), "").await;
    assert_eq!((logout.verdict(), logout.header("retry-after")), (refused(503, "store_unavailable"), Some("5")));
    assert!(logout.headers("set-cookie").is_empty() && logout.headers("clear-site-data").is_empty());

    redis.restart().await;
    until(async || app.quash.destroy(&unknown).await.is_ok()).await;
    until(async || other.verdict("/strict", &unknown).await == refused(401, "token_revoked")).await;
}

#[tokio::test]
async fn a_redis_that_forgets_is_not_taken_for_one_that_knows() {
    // It saves nothing, which docs/redis.md warns of.
    let mut redis = Redis::start(&[]).await;
    let (app, other) = (App::over(&redis).await, App::over(&redis).await);
    let (revoked, good) = (token(&json!({})), token(&json!({})));
    app.quash.destroy(&revoked).await.unwrap();
    until(async || other.verdict("/me", &revoked).await == refused(401, "token_revoked")).await;
    redis.kill().await;
    redis.restart().await;
    until(async || other.verdict("/me", &good).await == passes()).await;
    // Whoever knew of it still does.
    for app in [&app, &other] {
        assert_eq!(app.verdict("/me", &revoked).await, refused(401, "token_revoked"));
    }
}

#[tokio::test]
async fn a_row_that_is_missing_is_an_outage() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    app.quash.destroy_all(Target::subject(ISSUER, "ada")).await.unwrap();
    app.quash.destroy_all(Target::subject(ISSUER, "eve")).await.unwrap();
    let rows: Vec<String> = redis.ask(&["HKEYS", "{quash}:rows"]).await;
    redis.ask::<u64>(&["HDEL", "{quash}:rows", &rows[0]]).await;
    let late = App::over(&redis).await;
    let good = token(&json!({}));
    assert_eq!(late.verdict("/strict", &good).await, refused(503, "store_unavailable"));
    assert_eq!(late.verdict("/me", &good).await, refused(503, "store_unavailable"));
    // One that nobody can read, too.
    redis.ask::<u64>(&["HSET", "{quash}:rows", &rows[0], "garbage"]).await;
    assert_eq!(late.verdict("/me", &good).await, refused(503, "store_unavailable"));
}
