use std::time::{Duration, UNIX_EPOCH};

use quash_core::{Revocation, Timestamp};
use quash_tower::{DestroyError, Reason, Target, Unrevocable};
use serde_json::{Value, json};

use crate::{
    app::App,
    client::{passes, refused},
    redis::Redis,
    tokens::{ISSUER, clock, now, token},
};

#[tokio::test]
async fn each_target_destroys_the_tokens_that_say_it() {
    let at = |secs: u64| UNIX_EPOCH + Duration::from_secs(secs);
    let now = now();
    let all = json!({ "jti": "j", "sid": "d", "sub": "ada", "client_id": "c", "tenant": "t" });
    let with = |name: &str, value: Value| {
        let mut claims = all.clone();
        claims[name] = value;
        claims
    };
    for (target, spared) in [
        (Target::token(ISSUER, "j"), with("jti", json!("k"))),
        (Target::token(ISSUER, "j").expires_at(at(now + 600)), with("jti", json!("k"))),
        (Target::session(ISSUER, "d"), with("sid", json!("e"))),
        (Target::subject(ISSUER, "ada"), with("sub", json!("eve"))),
        (Target::subject(ISSUER, "ada").keep("e"), with("sid", json!("e"))),
        (Target::subject(ISSUER, "ada").before(at(now - 50)), with("iat", json!(now - 50))),
        (Target::client(ISSUER, "c"), with("client_id", json!("d"))),
        (Target::claim(ISSUER, "tenant", "t"), with("tenant", json!("u"))),
        (Target::everything(ISSUER).before(at(now - 50)), with("iat", json!(now - 50))),
        (Target::key(ISSUER, "HS256"), Value::Null),
        (Target::everything(ISSUER), Value::Null),
    ] {
        let redis = Redis::start(&[]).await;
        let (app, other) = (App::over(&redis).await, App::over(&redis).await);
        let covered = token(&with("iat", json!(now - 100)));
        assert_eq!(other.verdict("/strict", &covered).await, passes());
        let asked_at = clock();
        let destroyed = app.quash.destroy_all(target).await.unwrap();
        // The clock that promises it counts milliseconds.
        let bound = asked_at + Duration::from_millis(999);
        assert!(destroyed.revoked && destroyed.effective_by.unwrap() > bound, "{target:?}");
        // Here at once, elsewhere where the store is asked.
        assert_eq!(app.verdict("/me", &covered).await, refused(401, "token_revoked"), "{target:?}");
        assert_eq!(other.verdict("/strict", &covered).await, refused(401, "token_revoked"), "{target:?}");
        if !spared.is_null() {
            let spared = token(&spared);
            assert_eq!(app.verdict("/me", &spared).await, passes(), "{target:?}");
            assert_eq!(other.verdict("/strict", &spared).await, passes(), "{target:?}");
        }
    }
}

#[tokio::test]
async fn who_is_logged_out_everywhere_is_told_when_to_log_in_again() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    app.quash.destroy_all(Target::subject(ISSUER, "ada")).await.unwrap();
    let answer = app.get("/me", &token(&json!({ "sub": "ada" }))).await;
    assert_eq!(answer.verdict(), refused(401, "token_revoked"));
    let wait: u64 = answer.header("retry-after").unwrap().parse().unwrap();
    // The leeway, and a second.
    assert!((1..=6).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_token_is_destroyed_by_whoever_has_it_and_may_have_expired() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let (good, now) = (token(&json!({ "aud": "another" })), now());
    assert!(app.quash.destroy(&good).await.unwrap().revoked);
    assert!(app.quash.destroy(&good).await.unwrap().revoked, "it may come twice");
    // Accepted for the leeway more, and kept for a minute besides.
    assert!(app.quash.destroy(&token(&json!({ "exp": now - 10 }))).await.unwrap().revoked);
    let dead = app.quash.destroy(&token(&json!({ "exp": now - 100 }))).await.unwrap();
    assert_eq!((dead.revoked, dead.effective_by), (false, None));
    let forged = format!("{}A", &good[..good.len() - 1]);
    let forged = if forged == good { format!("{}E", &good[..good.len() - 1]) } else { forged };
    assert_eq!(app.quash.destroy(&forged).await.unwrap_err().code(), "signature_invalid");
    assert_eq!(app.quash.destroy("x").await.unwrap_err().code(), "token_segments");
    // Without a `jti` it is named by what is signed.
    let (one, other) = (token(&json!({ "jti": null, "n": 1 })), token(&json!({ "jti": null, "n": 2 })));
    app.quash.destroy(&one).await.unwrap();
    assert_eq!(app.verdict("/me", &one).await, refused(401, "token_revoked"));
    assert_eq!(app.verdict("/me", &other).await, passes());
}

#[tokio::test]
async fn what_would_revoke_something_else_is_refused() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let later = clock() + Duration::from_secs(60);
    let refused = async |target: Target<'_>| app.quash.destroy_all(target).await.unwrap_err();
    assert!(matches!(refused(Target::subject("https://evil.example", "a")).await, DestroyError::IssuerUnknown));
    let problem = async |target: Target<'_>| match refused(target).await {
        DestroyError::Unrevocable(problem) => problem,
        other => panic!("{other}"),
    };
    assert_eq!(problem(Target::claim(ISSUER, "device", "x")).await, Unrevocable::Claim("device".into()));
    assert!(matches!(problem(Target::subject(ISSUER, "a").before(later)).await, Unrevocable::Time(_)));
    assert!(matches!(problem(Target::subject(ISSUER, "a").before(UNIX_EPOCH)).await, Unrevocable::Time(_)));
    let day = clock() + Duration::from_secs(24 * 60 * 60);
    assert!(matches!(problem(Target::token(ISSUER, "j").expires_at(day)).await, Unrevocable::Time(_)));
    let rows: u64 = redis.ask(&["EXISTS", "{quash}:rows"]).await;
    assert_eq!(rows, 0);
}

#[tokio::test]
async fn a_revocation_is_kept_as_long_as_its_tokens_can_live_and_goes() {
    let redis = Redis::start(&[]).await;
    let (app, other) = (App::over(&redis).await, App::over(&redis).await);
    let now = now();
    // It is kept for the leeway and a minute after its `exp`: for seven seconds more.
    let soon = token(&json!({ "exp": now - 58 }));
    assert!(app.quash.destroy(&soon).await.unwrap().revoked);
    app.quash.destroy_all(Target::subject(ISSUER, "ada").reason(Reason::AccountDisabled)).await.unwrap();
    let rows: Vec<(String, String)> = redis.ask(&["HGETALL", "{quash}:rows"]).await;
    let lasting = rows.iter().find(|(_, row)| row.ends_with("account_disabled")).unwrap();
    let (expires_at, entry) = lasting.1.split_once(' ').unwrap();
    let row = Revocation::from_entry(lasting.0.strip_prefix("r1/").unwrap().parse().unwrap(), entry).unwrap();
    assert_eq!(row.expires_at.as_millis().to_string(), expires_at);
    // The leeway ahead, a lifetime, the leeway again, and a minute.
    assert_eq!(row.expires_at.since(row.revoked_at), Duration::from_secs(5 + 3600 + 5 + 60));
    assert!(row.revoked_at >= Timestamp::from_secs(now));
    // Whoever looks removes what has expired by Redis's clock.
    crate::redis::until(async || {
        other.verdict("/strict", &token(&json!({}))).await;
        redis.ask::<u64>(&["HLEN", "{quash}:rows"]).await == 1
    })
    .await;
    assert_eq!(other.verdict("/strict", &token(&json!({ "sub": "ada" }))).await, refused(401, "token_revoked"));
}
