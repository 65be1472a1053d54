use quash_core::{
    Algorithm,
    json::{Document, Object, Value},
};

use super::{PublicKey, public_key::is_rsa};

/// The most keys of one set that are looked at. Issuers publish two or three.
const MAX_KEYS: usize = 100;

/// A key as its issuer publishes it, for one algorithm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublishedKey {
    pub(crate) id: Option<String>,
    pub(crate) algorithm: Algorithm,
    pub(crate) key: PublicKey,
}

/// Reads a JWK Set (RFC 7517 section 5). What is no public key for signatures, or for none of `algorithms`, is passed over, as
/// the standard wants it; the rest counts.
pub(crate) fn parse(json: &[u8], algorithms: &[Algorithm]) -> Result<Vec<PublishedKey>, &'static str> {
    let document = Document::parse(json.into()).map_err(|_| "is not JSON")?;
    let Some(Value::Array(keys)) = document.object().get("keys") else { return Err("is no JWK Set") };
    let published = |key: Value<'_>| published_key(key.as_object()?, algorithms);
    Ok(keys.items().take(MAX_KEYS).filter_map(published).collect())
}

fn published_key(jwk: Object<'_>, algorithms: &[Algorithm]) -> Option<PublishedKey> {
    let text = |name: &str| jwk.get(name).map(Value::as_str);
    // RFC 7517 sections 4.2 and 4.3.
    let for_signatures = text("use").is_none_or(|value| value == Some("sig"));
    let verifies = jwk.get("key_ops").is_none_or(|operations| {
        operations.strings().is_some_and(|mut operations| operations.any(|operation| operation == Some("verify")))
    });
    if !for_signatures || !verifies {
        return None;
    }
    let algorithm = match text("alg") {
        Some(name) => Algorithm::from_name(name?)?,
        None => implied(text("kty")??, text("crv").flatten(), algorithms)?,
    };
    let id = match text("kid") {
        None => None,
        Some(id) => Some(id?.to_owned()),
    };
    let key = PublicKey::from_jwk(algorithm, jwk).ok()?;
    algorithms.contains(&algorithm).then_some(PublishedKey { id, algorithm, key })
}

/// What a key without `alg` is for. A key is for one algorithm, so of RSA's it is the first that the issuer may use.
fn implied(kty: &str, crv: Option<&str>, algorithms: &[Algorithm]) -> Option<Algorithm> {
    match (kty, crv) {
        ("RSA", _) => algorithms.iter().copied().find(|algorithm| is_rsa(*algorithm)),
        ("EC", Some("P-256")) => Some(Algorithm::Es256),
        ("EC", Some("P-384")) => Some(Algorithm::Es384),
        ("EC", Some("P-521")) => Some(Algorithm::Es512),
        ("OKP", Some("Ed25519")) => Some(Algorithm::EdDsa),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{parse, *};

    const ALL: &[Algorithm] = &[Algorithm::Rs256, Algorithm::Ps256, Algorithm::Es256, Algorithm::EdDsa];

    fn read(key: &Value, algorithms: &[Algorithm]) -> Option<(Option<String>, Algorithm)> {
        let set = json!({ "keys": [key] }).to_string();
        let mut keys = parse(set.as_bytes(), algorithms).unwrap();
        keys.pop().map(|key| (key.id, key.algorithm))
    }

    fn with(key: &Value, name: &str, value: Value) -> Value {
        let mut key = key.clone();
        key[name] = value;
        key
    }

    #[test]
    fn a_key_is_for_one_algorithm() {
        let rsa = json!({ "kty": "RSA", "kid": "r", "n": "n".repeat(342), "e": "AQAB" });
        let ec = json!({ "kty": "EC", "crv": "P-256", "kid": "e", "x": "x", "y": "y", "use": "sig" });
        let edwards = json!({ "kty": "OKP", "crv": "Ed25519", "x": "x", "key_ops": ["verify"] });
        assert_eq!(read(&rsa, ALL), Some((Some("r".into()), Algorithm::Rs256)));
        assert_eq!(read(&rsa, &[Algorithm::Ps256]), Some((Some("r".into()), Algorithm::Ps256)));
        assert_eq!(read(&with(&rsa, "alg", "PS256".into()), ALL), Some((Some("r".into()), Algorithm::Ps256)));
        assert_eq!(read(&ec, ALL), Some((Some("e".into()), Algorithm::Es256)));
        assert_eq!(read(&edwards, ALL), Some((None, Algorithm::EdDsa)));
        assert_eq!(read(&ec, &[Algorithm::Rs256]), None);
        for unusable in [
            with(&rsa, "alg", "RS384".into()),
            with(&rsa, "alg", "none".into()),
            with(&rsa, "alg", 1.into()),
            with(&rsa, "use", "enc".into()),
            with(&rsa, "use", Value::Null),
            with(&rsa, "key_ops", json!(["sign"])),
            with(&rsa, "kid", 1.into()),
            with(&rsa, "d", "d".into()),
            with(&rsa, "n", "n".into()),
            with(&ec, "crv", "P-224".into()),
            with(&ec, "alg", "RS256".into()),
            json!({ "kty": "oct", "k": "c2VjcmV0", "alg": "HS256" }),
            json!("key"),
        ] {
            assert_eq!(read(&unusable, ALL), None, "{unusable}");
        }
    }

    #[test]
    fn what_is_no_set_is_refused_and_an_empty_one_is_a_set() {
        assert_eq!(parse(b"<html>", ALL), Err("is not JSON"));
        assert_eq!(parse(b"{}", ALL), Err("is no JWK Set"));
        assert_eq!(parse(br#"{"keys":{}}"#, ALL), Err("is no JWK Set"));
        assert_eq!(parse(br#"{"keys":[]}"#, ALL), Ok(Vec::new()));
    }

    #[test]
    fn no_set_is_read_without_end() {
        let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": "x" });
        let set = json!({ "keys": vec![key; 1000] }).to_string();
        assert_eq!(parse(set.as_bytes(), ALL).unwrap().len(), 100);
    }
}
