use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::json;

use crate::{
    app::App,
    client::{passes, refused},
    redis::Redis,
    tokens::{claims, now, signed, token},
};

#[tokio::test]
async fn a_good_token_is_let_in_and_told_of() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let token = token(&json!({ "sub": "ada" }));
    let answer = app.get("/me", &token).await;
    assert_eq!(answer.verdict(), passes());
    let told = answer.json();
    assert_eq!(
        (&told["claims"]["sub"], &told["source"], &told["verdict_source"]),
        (&json!("ada"), &json!("header"), &json!("fresh"))
    );
    assert_eq!(answer.told("authorization"), [format!("Bearer {token}")]);
    let payload = token.split('.').nth(1).unwrap();
    assert_eq!(answer.told("quash-claims"), [payload]);
    assert!(answer.told("quash-source").is_empty());

    let answer = app.ask(&format!("GET /me HTTP/1.1\r\nCookie: theme=dark; session={token}\r\n"), "").await;
    assert_eq!((answer.status, &answer.json()["source"]), (200, &json!("cookie")));
}

#[tokio::test]
async fn signatures_of_each_algorithm_are_checked() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    for kid in ["HS256", "RS256", "PS256", "ES256", "ES384", "EdDSA"] {
        let good = signed(kid, &claims(&json!({ "sub": "ada" })));
        // Once to be verified, once more to be remembered, and then to be found.
        for _ in 0..3 {
            assert_eq!(app.verdict("/me", &good).await, passes(), "{kid}");
        }
        let (signed_part, signature) = good.rsplit_once('.').unwrap();
        let mut bytes = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        for at in [0, bytes.len() / 2, bytes.len() - 1] {
            bytes[at] ^= 1;
            let forged = format!("{signed_part}.{}", BASE64_URL_SAFE_NO_PAD.encode(&bytes));
            assert_eq!(app.verdict("/me", &forged).await, refused(401, "signature_invalid"), "{kid} {at}");
            bytes[at] ^= 1;
        }
        for wrong in ["", "AAAA", signature.get(4..).unwrap()] {
            let forged = format!("{signed_part}.{wrong}");
            assert_eq!(app.verdict("/me", &forged).await, refused(401, "signature_invalid"), "{kid} {wrong}");
        }
        // Another's payload.
        let other = signed(kid, &claims(&json!({ "sub": "eve" })));
        let [header, payload, _] = other.split('.').collect::<Vec<_>>()[..] else { panic!() };
        let forged = format!("{header}.{payload}.{signature}");
        assert_eq!(app.verdict("/me", &forged).await, refused(401, "signature_invalid"), "{kid}");
    }
}

#[tokio::test]
async fn whoever_may_not_pass_is_told_why_as_at_the_edge() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let good = token(&json!({}));
    let answer = app.ask("GET /me HTTP/1.1\r\n", "").await;
    assert_eq!(answer.verdict(), refused(401, "token_missing"));
    assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer realm="quash""#));
    assert_eq!(answer.body, r#"{"code":"token_missing","message":"a token is needed here"}"#);
    for (name, value) in
        [("content-type", "application/json"), ("cache-control", "no-store"), ("x-content-type-options", "nosniff")]
    {
        assert_eq!(answer.headers(name), [value]);
    }

    let now = now();
    for (path, token, status, code) in [
        ("/me", token(&json!({ "exp": now - 6 })), 401, "token_expired"),
        ("/me", token(&json!({ "iat": now + 60 })), 401, "token_not_yet_valid"),
        ("/me", token(&json!({ "iat": now, "exp": now + 3601 })), 401, "lifetime_too_long"),
        ("/me", token(&json!({ "exp": null })), 401, "claim_missing"),
        ("/me", token(&json!({ "aud": "another" })), 401, "audience_mismatch"),
        ("/me", token(&json!({ "iss": "https://evil.example" })), 401, "issuer_unknown"),
        ("/me", token(&json!({ "nonce": "n" })), 401, "type_refused"),
        ("/me", signed("unknown", &claims(&json!({}))), 401, "key_unknown"),
        ("/scoped", good.clone(), 403, "scope_missing"),
        ("/configured", good.clone(), 403, "scope_missing"),
        ("/audience", good.clone(), 401, "audience_mismatch"),
        // A program's policy for Workers KV.
        ("/eventual", good.clone(), 500, "configuration_invalid"),
    ] {
        assert_eq!(app.verdict(path, &token).await, refused(status, code));
    }
    let scoped = token(&json!({ "scope": "read accounts:write", "aud": ["accounts", crate::tokens::AUDIENCE] }));
    for path in ["/scoped", "/configured", "/audience", "/optional"] {
        assert_eq!(app.verdict(path, &scoped).await, passes(), "{path}");
    }
    let challenge = r#"Bearer realm="quash", error="insufficient_scope", error_description="scope_missing", scope="accounts:write""#;
    assert_eq!(app.get("/scoped", &good).await.header("www-authenticate"), Some(challenge));
}

#[tokio::test]
async fn a_public_path_and_an_optional_token() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    for path in ["/public/page", "/optional"] {
        let answer = app.ask(&format!("GET {path} HTTP/1.1\r\nQuash-Claims: forged\r\n"), "").await;
        assert_eq!((answer.status, answer.json()["claims"].is_null()), (200, true), "{path}");
        assert!(answer.told("quash-claims").is_empty());
    }
    // One that is not accepted is refused all the same, where it is looked at.
    assert_eq!(app.verdict("/optional", "x").await, refused(401, "token_segments"));
    assert_eq!(app.verdict("/public/page", "x").await, passes());
    assert_eq!(app.ask("GET /public/../me HTTP/1.1\r\n", "").await.verdict(), refused(400, "path_ambiguous"));
}

#[tokio::test]
async fn a_preflight_passes_as_nobodys() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let good = token(&json!({}));
    let preflight = "Origin: https://app.example\r\nAccess-Control-Request-Method: GET\r\n";
    let credentials = format!("Authorization: Bearer {good}\r\nCookie: session={good}\r\nQuash-Claims: forged\r\n");
    for path in ["/me", "/strict"] {
        let answer = app.ask(&format!("OPTIONS {path} HTTP/1.1\r\n{preflight}{credentials}"), "").await;
        assert_eq!((answer.status, answer.json()["claims"].is_null()), (200, true), "{path}");
        for name in ["authorization", "cookie", "quash-claims"] {
            assert!(answer.told(name).is_empty(), "{name}");
        }
    }
    // Without these headers it is a request as any other.
    assert_eq!(app.ask("OPTIONS /me HTTP/1.1\r\n", "").await.verdict(), refused(401, "token_missing"));
}

#[tokio::test]
async fn hostile_requests() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let (good, other) = (token(&json!({ "sub": "ada" })), token(&json!({ "sub": "eve" })));
    let [header, payload, signature] = good.split('.').collect::<Vec<_>>()[..] else { panic!() };
    let none = BASE64_URL_SAFE_NO_PAD.encode(r#"{"alg":"none","kid":"HS256"}"#);
    let bearer = |token: &str| format!("Authorization: Bearer {token}\r\n");
    let cookie = |token: &str| format!("Cookie: session={token}\r\n");
    for (headers, status, code) in [
        // More than one credential, however they are sent.
        (bearer(&good) + &cookie(&good), 400, "token_ambiguous"),
        (bearer(&good) + &bearer(&other), 400, "token_ambiguous"),
        (format!("Authorization: Bearer {good}, Bearer {other}\r\n"), 400, "token_ambiguous"),
        (cookie(&good) + &cookie(&other), 400, "token_ambiguous"),
        (format!("Cookie: session={good}; session={other}\r\n"), 400, "token_ambiguous"),
        // None that counts.
        (format!("Authorization: {good}\r\n"), 401, "token_missing"),
        (format!("Authorization: Basic {good}\r\n"), 401, "token_missing"),
        (format!("Cookie: session2={good}\r\n"), 401, "token_missing"),
        ("Quash-Claims: forged\r\n".into(), 401, "token_missing"),
        // Garbled.
        (bearer("x"), 401, "token_segments"),
        (bearer(&format!("{good}.")), 401, "token_segments"),
        (bearer(&format!("{good}=")), 401, "token_base64url"),
        (bearer(&format!("{header}.{payload}.é")), 401, "token_base64url"),
        (bearer(&format!("{header}.{payload} .{signature}")), 401, "token_base64url"),
        (bearer(&format!("{none}.{payload}.")), 401, "algorithm_refused"),
        (bearer(&"x".repeat(9000)), 401, "token_too_large"),
    ] {
        let answer = app.ask(&format!("GET /me HTTP/1.1\r\n{headers}"), "").await;
        assert_eq!(answer.verdict(), refused(status, code), "{headers}");
    }

    // What a client says in our name is never passed on; nor is another scheme's credential beside a cookie's token.
    let forged = "Quash-Claims: forged\r\nquash_claims: forged\r\nQuash-Source: forged\r\nQUASH-Other: forged\r\nX-Mine: kept\r\n";
    let answer =
        app.ask(&format!("GET /me HTTP/1.1\r\n{forged}{}Authorization: Basic dTpw\r\n", cookie(&good)), "").await;
    assert_eq!(answer.status, 200);
    assert_eq!((answer.told("quash-claims"), answer.told("x-mine")), (vec![payload.to_owned()], vec!["kept".into()]));
    for name in ["quash_claims", "quash-source", "quash-other", "authorization"] {
        assert!(answer.told(name).is_empty(), "{name}");
    }
    // A path that says that it is a host, and a host that says that it is a path.
    for target in ["//public/page", "http://public/public/../me", "/public/%2e%2e/me", "/Configured", "/configured/"] {
        let answer = app.ask(&format!("GET {target} HTTP/1.1\r\n"), "").await;
        assert_eq!(answer.verdict(), refused(400, "path_ambiguous"), "{target}");
    }
    assert_eq!(app.ask("GET http://x/public/page HTTP/1.1\r\n", "").await.status, 200);
    assert_eq!(app.ask("GET http://x?/public/page HTTP/1.1\r\n", "").await.verdict(), refused(401, "token_missing"));
}

#[tokio::test]
async fn no_answer_follows_that_of_a_logout() {
    let redis = Redis::start(&[]).await;
    let app = App::over(&redis).await;
    let good = token(&json!({}));
    let (answer, ()) = tokio::join!(app.get("/slow", &good), async {
        app.reached.notified().await;
        assert!(app.quash.destroy(&good).await.unwrap().revoked);
        app.go_on.notify_one();
    });
    assert_eq!(answer.verdict(), refused(401, "token_revoked"));
    // Whose token it is not has its answer.
    let other = token(&json!({}));
    let (answer, ()) = tokio::join!(app.get("/slow", &other), async {
        app.reached.notified().await;
        app.quash.destroy(&good).await.unwrap();
        app.go_on.notify_one();
    });
    assert_eq!((answer.status, answer.body.as_str()), (200, "done"));
}
