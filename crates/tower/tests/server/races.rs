use futures_util::future::join_all;
use quash_core::Revocation;
use quash_tower::Target;
use serde_json::json;

use crate::{
    app::App,
    client::refused,
    redis::Redis,
    tokens::{ISSUER, token},
};

/// How many processes there are, each of which logs out all sessions but one: another one each.
const PROCESSES: usize = 12;

#[tokio::test]
async fn what_many_revoke_at_once_comes_to_all_that_they_say() {
    let redis = Redis::start(&[]).await;
    let apps = join_all((0..PROCESSES).map(|_| App::over(&redis))).await;
    for round in 0..5 {
        let sub = format!("ada-{round}");
        let sessions: Vec<String> = (0..PROCESSES).map(|number| format!("{sub}-session-{number}")).collect();
        let destroyed = apps
            .iter()
            .zip(&sessions)
            .map(|(app, session)| app.quash.destroy_all(Target::subject(ISSUER, &sub).keep(session)));
        for destroyed in join_all(destroyed).await {
            assert!(destroyed.unwrap().revoked);
        }
        // What one spares, all others do not: were the last one's word all that is left, its session would live.
        for session in &sessions {
            let token = token(&json!({ "sub": sub, "sid": session }));
            assert_eq!(apps[0].verdict("/strict", &token).await, refused(401, "token_revoked"), "{session}");
        }
    }
}

#[tokio::test]
async fn a_shorter_revocation_never_shortens_a_longer_one() {
    let redis = Redis::start(&[]).await;
    let (one, other) = (App::over(&redis).await, App::over(&redis).await);
    let exp = crate::tokens::clock() + std::time::Duration::from_secs(600);
    one.quash.destroy_all(Target::token(ISSUER, "j")).await.unwrap();
    let row = async || {
        let rows: Vec<(String, String)> = redis.ask(&["HGETALL", "{quash}:rows"]).await;
        let [(key, row)] = &rows[..] else { panic!("{rows:?}") };
        Revocation::from_entry(key.strip_prefix("r1/").unwrap().parse().unwrap(), row.split_once(' ').unwrap().1)
            .unwrap()
    };
    let before = row().await;
    other.quash.destroy_all(Target::token(ISSUER, "j").expires_at(exp)).await.unwrap();
    assert_eq!(row().await, before);
    // It says nothing new, so the log has not moved.
    let head: u64 = redis.ask(&["HGET", "{quash}:state", "head"]).await;
    assert_eq!(head, 1);
}
