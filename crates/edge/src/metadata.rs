use quash_core::Algorithm;
use quash_engine::{
    HEADERS, JsonObject,
    config::{Server, SigningKey},
    json_array, quoted,
};
use worker::{Headers, Response, Result};

/// How clients may authenticate; the last two where they can be kept from doing so twice with the same.
const METHODS: [&str; 4] = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"];

/// What we do for clients (RFC 8414 section 2).
///
/// # Errors
/// Those of the platform.
pub(crate) fn metadata(server: &Server, has_ledger: bool, has_refresh: bool) -> Result<Response> {
    let list = |items: &[&str]| json_array(items.iter().map(|item| quoted(item)));
    // REQUIRED, and "claims with zero elements MUST be omitted" (section 3.2). Readers miss what is not there, and mind nothing else.
    let mut document = JsonObject::new().text("issuer", &server.url).json("response_types_supported", "[]");
    // Where it is not there, it means two grants that need endpoints of their own.
    document = document.json("grant_types_supported", if has_refresh { r#"["refresh_token"]"# } else { "[]" });
    for (endpoint, path) in [("token", "token"), ("revocation", "revoke"), ("introspection", "introspect")] {
        let name = |rest: &str| format!("{endpoint}_endpoint{rest}");
        let methods = match path {
            "token" if !has_refresh => continue,
            // Browsers have no secret.
            "token" => &["none", METHODS[0], METHODS[1], METHODS[2], METHODS[3]],
            _ if has_ledger => &METHODS[..],
            _ => &METHODS[..2],
        };
        document =
            document.text(&name(""), &server.endpoint(path)).json(&name("_auth_methods_supported"), &list(methods));
        if has_ledger {
            let algorithms = list(&Algorithm::ALL.map(Algorithm::name));
            document = document.json(&name("_auth_signing_alg_values_supported"), &algorithms);
        }
    }
    if let [key, ..] = &server.signing_keys[..] {
        // RFC 9701 section 7.
        document = document
            .text("jwks_uri", &server.endpoint("jwks.json"))
            .json("introspection_signing_alg_values_supported", &list(&[key.algorithm.name()]));
    }
    Ok(Response::from_bytes(document.end().into_bytes())?.with_headers(Headers::from_iter(HEADERS)))
}

/// For how long whoever verifies may keep our keys, in seconds: a new one is published for longer than this before it signs.
const KEYS_MAX_AGE: u32 = 300;

/// The keys that what we sign is verified with (RFC 7517 section 5).
///
/// # Errors
/// Those of the platform.
pub(crate) fn keys(server: &Server) -> Result<Response> {
    let keys = json_array(server.signing_keys.iter().filter_map(SigningKey::public_jwk));
    let headers = Headers::from_iter(HEADERS);
    headers.set("Content-Type", "application/jwk-set+json")?;
    headers.set("Cache-Control", &format!("public, max-age={KEYS_MAX_AGE}"))?;
    headers.set("Access-Control-Allow-Origin", "*")?;
    let document = JsonObject::new().json("keys", &keys).end();
    Ok(Response::from_bytes(document.into_bytes())?.with_headers(headers))
}
