use quash_core::Algorithm;
use quash_engine::{HEADERS, JsonObject, config::Server, json_array, quoted};
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
    Ok(Response::from_bytes(document.end().into_bytes())?.with_headers(Headers::from_iter(HEADERS)))
}
