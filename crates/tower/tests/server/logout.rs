use serde_json::{Value, json};

use crate::{
    app::App,
    client::{Answer, passes, refused},
    redis::Redis,
    tokens::{now, token},
};

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const OWN: &str = "Sec-Fetch-Site: same-origin\r\n";

async fn log_out(app: &App, headers: &str, body: &str) -> Answer {
    app.ask(&format!("POST /auth/logout HTTP/1.1\r\n{headers}"), body).await
}

fn tokens(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let tokens = answer.json()["tokens"].as_array().unwrap().clone();
    tokens.iter().map(|token| (text(&token["source"]), text(&token["outcome"]))).collect()
}

#[tokio::test]
async fn every_token_that_is_presented_is_revoked_and_the_browser_cleared() {
    let redis = Redis::start(&[]).await;
    let (app, other) = (App::over(&redis).await, App::over(&redis).await);
    let [header, cookie, form] = [(); 3].map(|()| token(&json!({ "sub": "ada" })));
    let headers = format!("{OWN}{FORM}Authorization: Bearer {header}\r\nCookie: session={cookie}; session=junk\r\n");
    let answer = log_out(&app, &headers, &format!("token={form}")).await;
    let receipt = answer.json();
    assert_eq!((answer.status, &receipt["outcome"]), (200, &json!("refused")));
    assert_eq!(
        tokens(&answer),
        [("header", "revoked"), ("cookie", "revoked"), ("cookie", "refused"), ("form", "revoked")]
            .map(|(source, outcome)| (source.to_owned(), outcome.to_owned()))
    );
    assert_eq!((&receipt["scope"], &receipt["mode"]), (&json!("token"), &json!("bounded")));
    let time = |name: &str| receipt[name].as_u64().unwrap();
    assert!(time("effective_by") >= time("revoked_at") + 1000);
    assert_eq!(answer.headers("clear-site-data"), [r#""cookies", "storage""#]);
    assert_eq!(answer.headers("set-cookie"), ["session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"]);
    assert_eq!(answer.headers("cache-control"), ["no-store"]);
    for token in [header, cookie, form] {
        assert_eq!(app.verdict("/me", &token).await, refused(401, "token_revoked"));
        assert_eq!(other.verdict("/strict", &token).await, refused(401, "token_revoked"));
    }
    // On http, where Safari ignores what is `Secure`.
    let plain = log_out(&app, &format!("Host: localhost:1\r\nOrigin: http://localhost:1\r\n{FORM}"), "a=b").await;
    assert_eq!(plain.headers("set-cookie"), ["session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"]);
    assert_eq!(plain.json()["outcome"], json!("no_token"));
}

#[tokio::test]
async fn wider_scopes_need_a_token_in_force() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let of = |sid: &str| token(&json!({ "sub": "ada", "sid": sid }));
    let (one, same_session, other) = (of("s"), of("s"), of("t"));
    let by = async |token: &str, scope: &str| {
        log_out(&app, &format!("{FORM}Authorization: Bearer {token}\r\n"), &format!("scope={scope}")).await
    };
    assert_eq!(by(&one, "session").await.json()["outcome"], json!("revoked"));
    assert_eq!(app.verdict("/me", &same_session).await, refused(401, "token_revoked"));
    assert_eq!(app.verdict("/me", &other).await, passes());
    // Revoked, so it reaches no further than itself; and so does one that is dead.
    let answer = by(&one, "everywhere").await;
    assert_eq!(
        (&answer.json()["outcome"], &answer.json()["tokens"][0]["code"]),
        (&json!("refused"), &json!("token_revoked"))
    );
    assert_eq!(app.verdict("/me", &other).await, passes());
    let expired = token(&json!({ "sub": "ada", "exp": now() - 20 }));
    assert_eq!(by(&expired, "everywhere").await.json()["tokens"][0]["code"], json!("token_expired"));
    let dead = token(&json!({ "sub": "ada", "exp": now() - 100 }));
    assert_eq!(by(&dead, "token").await.json()["tokens"][0]["outcome"], json!("expired"));
    assert_eq!(by(&other, "everywhere").await.json()["outcome"], json!("revoked"));
    assert_eq!(app.verdict("/me", &of("u")).await, refused(401, "token_revoked"));
    let unnamed = by(&token(&json!({})), "session").await;
    assert_eq!(unnamed.json()["tokens"][0]["code"], json!("claim_missing"));
}

#[tokio::test]
async fn no_page_of_another_site_logs_a_visitor_out() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let good = token(&json!({}));
    let own = format!("http://{}", app.address);
    let https = own.replace("http:", "https:");
    let cookie = format!("Cookie: session={good}\r\n");
    for headers in [
        "Sec-Fetch-Site: cross-site\r\nOrigin: https://evil.example\r\n".to_owned(),
        "Sec-Fetch-Site: same-site\r\nOrigin: https://blog.example\r\n".into(),
        "Sec-Fetch-Site: cross-site\r\nOrigin: null\r\n".into(),
        format!("Sec-Fetch-Site: cross-site\r\nOrigin: {https}\r\n"),
        "Sec-Fetch-Site: none\r\n".into(),
        "Origin: null\r\n".into(),
        "Origin: https://evil.example\r\n".into(),
        String::new(),
    ] {
        let answer = log_out(&app, &format!("{headers}{cookie}"), "").await;
        assert_eq!(answer.verdict(), refused(403, "cross_site_refused"), "{headers}");
        assert!(answer.headers("set-cookie").is_empty(), "{headers}");
    }
    assert_eq!(app.verdict("/me", &good).await, passes());
    for headers in [
        "Sec-Fetch-Site: cross-site\r\nOrigin: https://app.example\r\n".to_owned(),
        format!("Origin: {own}\r\n"),
        format!("Origin: {https}\r\n"),
        OWN.into(),
    ] {
        let good = token(&json!({}));
        assert_eq!(log_out(&app, &format!("{headers}Cookie: session={good}\r\n"), "").await.status, 200, "{headers}");
        assert_eq!(app.verdict("/me", &good).await, refused(401, "token_revoked"), "{headers}");
    }
    // A page of an allowed origin may read the answer, also of what is refused.
    let allowed = log_out(&app, &format!("{FORM}Origin: https://app.example\r\n"), "scope=x").await;
    assert_eq!(allowed.verdict(), refused(400, "parameter_invalid"));
    assert_eq!(allowed.headers("access-control-allow-origin"), ["https://app.example"]);
    assert_eq!(
        (allowed.headers("access-control-allow-credentials"), allowed.headers("vary")),
        (vec!["true"], vec!["Origin"])
    );
}

#[tokio::test]
async fn what_is_no_logout_is_refused() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    for (headers, body, status, code) in [
        ("Content-Type: application/json\r\n", "{}", 415, "body_not_form"),
        (FORM, "scope=all", 400, "parameter_invalid"),
        (FORM, "token=a&token=b", 400, "parameter_invalid"),
        (FORM, &"x".repeat(40_000), 413, "body_too_large"),
    ] {
        assert_eq!(log_out(&app, headers, body).await.verdict(), refused(status, code));
    }
    let none = log_out(&app, "", "").await;
    assert_eq!((none.status, &none.json()["outcome"]), (200, &json!("no_token")));
    let garbled = log_out(&app, FORM, "handle=garbled").await;
    assert_eq!(garbled.json()["tokens"][0]["code"], json!("handle_invalid"));
    // The cookies may be those of a new login.
    assert!(garbled.headers("set-cookie").is_empty());
    assert_eq!(app.ask("GET /auth/logout HTTP/1.1\r\n", "").await.status, 405);
}

#[tokio::test]
async fn the_others_are_logged_out_and_this_session_goes_on() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let of = |sid: &str| token(&json!({ "sub": "ada", "sid": sid }));
    let (mine, other) = (of("s"), of("t"));
    let headers = format!("{FORM}{OWN}Cookie: session={mine}\r\n");
    let answer = log_out(&app, &headers, "scope=others").await;
    assert_eq!((answer.status, &answer.json()["outcome"]), (200, &json!("revoked")));
    assert!(answer.headers("set-cookie").is_empty() && answer.headers("clear-site-data").is_empty());
    assert_eq!(app.verdict("/me", &mine).await, passes());
    assert_eq!(app.verdict("/me", &other).await, refused(401, "token_revoked"));
}

#[tokio::test]
async fn a_refresh_token_ends_its_session() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let of = |sid: &str| token(&json!({ "sub": "ada", "sid": sid }));
    let (refresh_token, same_session, other) = (of("s"), of("s"), of("t"));
    let answer = log_out(&app, FORM, &format!("refresh_token={refresh_token}")).await;
    assert_eq!(tokens(&answer), [("refresh_token".to_owned(), "revoked".to_owned())]);
    assert_eq!(app.verdict("/me", &same_session).await, refused(401, "token_revoked"));
    assert_eq!(app.verdict("/me", &other).await, passes());
    // Who heard no answer asks again: there is nothing left to end.
    let again = log_out(&app, FORM, &format!("refresh_token={refresh_token}")).await;
    assert_eq!(again.json()["outcome"], json!("revoked"));
    assert_eq!(tokens(&again), [("refresh_token".to_owned(), "expired".to_owned())]);
}

#[tokio::test]
async fn a_form_may_send_its_browser_on_to_where_the_configuration_says() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let good = token(&json!({}));
    let headers = format!("{FORM}{OWN}Cookie: session={good}\r\n");
    let wrong = log_out(&app, &headers, "post_logout_redirect_uri=https://evil.example").await;
    assert_eq!(wrong.verdict(), refused(400, "parameter_invalid"));
    assert!(wrong.headers("location").is_empty());
    assert_eq!(app.verdict("/me", &good).await, passes());
    let answer = log_out(&app, &headers, "post_logout_redirect_uri=https://app.example/bye&state=s").await;
    assert_eq!((answer.status, answer.headers("location")), (303, vec!["https://app.example/bye?state=s"]));
    assert_eq!(answer.headers("set-cookie").len(), 1);
    assert_eq!(app.verdict("/me", &good).await, refused(401, "token_revoked"));
}
