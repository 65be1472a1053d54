use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use quash_core::json::{Document, Value};
use quash_engine::{Error, HEADERS, JsonObject, config::Client, quality, quality_of_named};
use worker::{Headers, Response};

use crate::{
    guard::later,
    respond,
    signer::{Signer, seconds},
};

/// Of a token that is not in force nothing more is told (RFC 7662 section 2.2).
const INACTIVE: &str = r#"{"active":false}"#;

/// The claims that are told, as the issuer wrote them: RFC 7662 section 2.2, and `cnf`, without which a token that is bound to a key
/// would be taken for one that is not (RFC 8705 section 3.2, RFC 9449 section 6.2). Everything else is between the issuer and whoever
/// the token is for.
const TOLD: [&str; 7] = ["iss", "sub", "aud", "jti", "scope", "username", "cnf"];

/// The media type of an answer that is signed (RFC 9701 section 5), and its `typ`.
const SIGNED: &str = "application/token-introspection+jwt";
const SIGNED_TYPE: &str = "token-introspection+jwt";

/// How the answer goes to whoever asks.
#[derive(Clone, Copy)]
pub(crate) enum Form<'f> {
    /// As JSON.
    Json,
    /// Signed, in the name of this issuer.
    Signed(&'f Signer, &'f str),
}

/// Whether an answer is to be signed (RFC 9701 section 4).
///
/// # Errors
/// [`Error::NotAcceptable`]: it is to be, there is no key of ours, and JSON would not do: whoever wants a proof must not be given less.
pub(crate) fn is_to_be_signed(accept: Option<&str>, has_key: bool) -> Result<bool, Error> {
    let plain = quality(accept, "application/json");
    match quality_of_named(accept, SIGNED) {
        Some(quality) if quality > 0 && quality >= plain && has_key => Ok(true),
        Some(quality) if quality > 0 && plain == 0 => Err(Error::NotAcceptable),
        _ => Ok(false),
    }
}

/// Tells an authenticated client whether a token is in force, and what it says (RFC 7662). `judge` is what guards: it answers whoever
/// comes with a token that may not pass.
///
/// # Errors
/// [`Error::ClientForbidden`]; those of `judge`; [`Error::Configuration`]: our key cannot be used.
pub(crate) async fn introspect(
    client: &Client,
    token: &str,
    form: Form<'_>,
    judge: impl AsyncFnOnce(&str) -> Result<Option<Response>, Error>,
) -> Result<Response, Error> {
    let audiences = client.introspects().ok_or(Error::ClientForbidden)?;
    let told = if is_plain(token) {
        match judge(token).await? {
            None => active(token, audiences),
            Some(refusal) if refusal.status_code() < 500 => INACTIVE.into(),
            // It could not say.
            Some(outage) => return Ok(outage),
        }
    } else {
        INACTIVE.into()
    };
    let (media_type, body) = match form {
        Form::Json => (None, told),
        Form::Signed(signer, issuer) => (Some(SIGNED), signed(signer, issuer, client, &told).await?),
    };
    let answer = Response::from_bytes(body.into_bytes()).map_err(respond::platform)?;
    let headers = Headers::from_iter(HEADERS);
    if let Some(media_type) = media_type {
        headers.set("Content-Type", media_type).map_err(respond::platform)?;
    }
    Ok(answer.with_headers(headers))
}

/// The answer as a JWT (RFC 9701 section 5). It says nothing that would let it pass for an access token: no `sub`, and no `exp`
/// (section 8.1).
async fn signed(signer: &Signer, issuer: &str, client: &Client, told: &str) -> Result<String, Error> {
    let claims = JsonObject::new()
        .text("iss", issuer)
        .text("aud", client.id())
        .number("iat", seconds(later()))
        .json("token_introspection", told);
    signer.sign(SIGNED_TYPE, &claims.end()).await
}

/// Whether the text has no letter that a token cannot have. Behind one, what guards might look for another credential.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// What is told of a token in force to whoever may ask for these audiences.
fn active(token: &str, audiences: &[String]) -> String {
    let payload = token.split('.').nth(1).and_then(|payload| BASE64_URL_SAFE_NO_PAD.decode(payload).ok());
    let Some(claims) = payload.and_then(|payload| Document::parse(payload).ok()) else { return INACTIVE.into() };
    let claims = claims.object();
    if !audiences.is_empty() && !is_for(claims.get("aud"), audiences) {
        return INACTIVE.into();
    }
    let mut told = JsonObject::new().json("active", "true");
    for name in TOLD {
        if let Some(value) = claims.get(name) {
            told = told.value(name, value);
        }
    }
    // "Integer timestamp": a claim's may have a fraction (RFC 7519 section 2).
    for name in ["exp", "iat", "nbf"] {
        if let Some(Value::Number(date)) = claims.get(name) {
            told = told.number(name, date.thousandths().unwrap_or_default() / 1000);
        }
    }
    if let Some(client) = claims.get("client_id").or_else(|| claims.get("azp")) {
        told = told.value("client_id", client);
    }
    // RFC 9449 section 6.2.
    let is_bound = claims.get("cnf").and_then(Value::as_object).is_some_and(|cnf| cnf.get("jkt").is_some());
    told.text("token_type", if is_bound { "DPoP" } else { "Bearer" }).end()
}

fn is_for(audience: Option<Value<'_>>, audiences: &[String]) -> bool {
    let named = |name: &str| audiences.iter().any(|audience| audience == name);
    match audience {
        Some(Value::String(name)) => named(name),
        Some(Value::Array(names)) => names.items().any(|name| name.as_str().is_some_and(named)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn told(claims: &Value) -> Value {
        let payload = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
        serde_json::from_str(&active(&format!("e30.{payload}.c2ln"), &[])).unwrap()
    }

    #[test]
    fn what_is_told_is_what_the_standard_names() {
        let claims = json!({
            "iss": "https://issuer.example", "sub": "ann", "aud": ["api", "\"web\""], "jti": "7\u{1}", "exp": 1_800_000_000.75,
            "iat": 1_700_000_000, "nbf": 1_700_000_000, "scope": "read write", "username": "ann", "azp": "app",
            "email": "ann@example.com", "sid": "s", "roles": ["admin"], "active": false, "token_type": "x",
        });
        let expected = json!({
            "active": true, "iss": "https://issuer.example", "sub": "ann", "aud": ["api", "\"web\""], "jti": "7\u{1}",
            "exp": 1_800_000_000, "iat": 1_700_000_000, "nbf": 1_700_000_000, "scope": "read write", "username": "ann",
            "client_id": "app", "token_type": "Bearer",
        });
        assert_eq!(told(&claims), expected);
    }

    #[test]
    fn a_token_that_is_bound_to_a_key_is_not_told_to_be_a_bearers() {
        let cnf = json!({ "jkt": "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I", "x": [1.5, null, true, {}] });
        let expected = json!({ "active": true, "cnf": cnf, "client_id": "a", "token_type": "DPoP" });
        assert_eq!(told(&json!({ "cnf": cnf, "client_id": "a", "azp": "b" })), expected);
        let cnf = json!({ "x5t#S256": "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2" });
        assert_eq!(told(&json!({ "cnf": cnf }))["token_type"], "Bearer");
    }

    #[test]
    fn a_client_may_be_told_of_its_own_audiences_only() {
        let is_active = |claims: Value, audiences: &[&str]| {
            let payload = BASE64_URL_SAFE_NO_PAD.encode(claims.to_string());
            let audiences: Vec<String> = audiences.iter().map(|audience| (*audience).into()).collect();
            active(&format!("e30.{payload}.c2ln"), &audiences) != INACTIVE
        };
        assert!(is_active(json!({ "aud": "a" }), &["b", "a"]));
        assert!(is_active(json!({ "aud": ["c", "a"] }), &["b", "a"]));
        assert!(is_active(json!({}), &[]));
        for claims in [json!({ "aud": "c" }), json!({ "aud": ["c", "A"] }), json!({})] {
            assert!(!is_active(claims, &["b", "a"]));
        }
    }

    #[test]
    fn whoever_wants_a_proof_is_given_no_less() {
        let asked = |accept, has_key| is_to_be_signed(accept, has_key).map_err(|error| error.code());
        for (accept, with_key, without) in [
            (None, Ok(false), Ok(false)),
            (Some("*/*"), Ok(false), Ok(false)),
            (Some("text/html"), Ok(false), Ok(false)),
            (Some("application/json"), Ok(false), Ok(false)),
            (Some(SIGNED), Ok(true), Err("not_acceptable")),
            (Some("application/token-introspection+jwt, */*"), Ok(true), Ok(false)),
            (Some("application/json, application/token-introspection+jwt;q=0.5"), Ok(false), Ok(false)),
            (Some("application/json;q=0.5, application/token-introspection+jwt"), Ok(true), Ok(false)),
            (Some("application/token-introspection+jwt;q=0"), Ok(false), Ok(false)),
        ] {
            assert_eq!((asked(accept, true), asked(accept, false)), (with_key, without), "{accept:?}");
        }
    }

    #[test]
    fn what_cannot_be_a_token_is_not_looked_at() {
        assert!(is_plain("aB0-_.c.d"));
        for text in ["a.b.c, Bearer d.e.f", "a.b.c ", "a.b.c=", "\u{e9}", "a.b.c\n"] {
            assert!(!is_plain(text), "{text}");
        }
    }
}
