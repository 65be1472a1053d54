use std::time::Instant;

use quash_tower::{RedisStore, Target};
use serde_json::json;

use crate::{
    app::{App, configuration},
    client::{passes, refused},
    redis::{Redis, until},
    tokens::{ISSUER, clock, token},
};

#[tokio::test]
async fn another_process_knows_within_the_bound_and_a_strict_route_at_once() {
    let redis = Redis::start(&[]).await;
    let (app, other) = (App::over(&redis).await, App::over(&redis).await);
    for round in 0..5 {
        let token = token(&json!({ "sub": format!("ada-{round}") }));
        assert_eq!(other.verdict("/me", &token).await, passes());
        let destroyed = app.quash.destroy(&token).await.unwrap();
        assert_eq!(other.verdict("/strict", &token).await, refused(401, "token_revoked"));
        let effective_by = destroyed.effective_by.unwrap();
        // However slow this machine is: what is asked after that is refused.
        loop {
            let asked_at = clock();
            match other.verdict("/me", &token).await {
                verdict if verdict == passes() => assert!(asked_at <= effective_by, "it passes after the bound"),
                verdict => {
                    assert_eq!(verdict, refused(401, "token_revoked"));
                    break;
                }
            }
        }
    }
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "how many reads there may be depends on how long it took")]
async fn requests_share_what_is_read_and_cost_the_store_nothing() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let begun = Instant::now();
    let before = redis.scripts_run().await;
    let tokens: Vec<String> = (0..40).map(|number| token(&json!({ "sub": format!("{number}") }))).collect();
    for _ in 0..5 {
        let verdicts = tokens.iter().map(|token| app.verdict("/me", token));
        for verdict in futures_util::future::join_all(verdicts).await {
            assert_eq!(verdict, passes());
        }
    }
    // The log is read again after half of the second that it may be old, and no earlier. The first time takes a script to be sent.
    let reads = redis.scripts_run().await - before;
    let allowed = 3 + 2 * begun.elapsed().as_secs_f64().ceil() as u64;
    assert!((1..=allowed).contains(&reads), "{reads} of {allowed}");
}

#[tokio::test]
async fn a_log_of_many_pages_is_read_to_its_end() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let subjects: Vec<String> = (0..2600).map(|number| format!("user-{number}")).collect();
    for some in subjects.chunks(200) {
        let destroyed = some.iter().map(|sub| app.quash.destroy_all(Target::subject(ISSUER, sub)));
        for destroyed in futures_util::future::join_all(destroyed).await {
            destroyed.unwrap();
        }
    }
    // One that begins now, and one that goes on.
    let late = App::over(&redis).await;
    for sub in [&subjects[0], &subjects[1023], &subjects[1024], &subjects[2100], &subjects[2599]] {
        assert_eq!(late.verdict("/me", &token(&json!({ "sub": sub }))).await, refused(401, "token_revoked"), "{sub}");
    }
    assert_eq!(late.verdict("/me", &token(&json!({ "sub": "nobody" }))).await, passes());
    app.quash.destroy_all(Target::subject(ISSUER, "nobody")).await.unwrap();
    until(async || late.verdict("/me", &token(&json!({ "sub": "nobody" }))).await == refused(401, "token_revoked"))
        .await;
    assert_eq!(late.verdict("/me", &token(&json!({ "sub": &subjects[0] }))).await, refused(401, "token_revoked"));
}

#[tokio::test]
async fn stores_of_different_prefixes_know_nothing_of_each_other() {
    let redis = Redis::start(&[]).await;
    let app = App::with(configuration(), redis.store().await.with_prefix("one").unwrap()).await;
    let other = App::with(configuration(), redis.store().await.with_prefix("other").unwrap()).await;
    let token = token(&json!({}));
    app.quash.destroy(&token).await.unwrap();
    assert_eq!(other.verdict("/strict", &token).await, passes());
    let mut keys: Vec<String> = redis.ask(&["KEYS", "*"]).await;
    keys.sort_unstable();
    assert_eq!(keys, ["{one}:expiries", "{one}:log", "{one}:rows", "{one}:state", "{other}:state"]);
    for wrong in ["", "a}b", "{a"] {
        assert!(redis.store().await.with_prefix(wrong).is_err(), "{wrong}");
    }
    assert!(RedisStore::connect("redis+unix:///nowhere").await.is_err());
}
