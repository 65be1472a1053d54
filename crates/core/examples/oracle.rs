//! What the `jsonwebtoken` crate says of tokens: `tests/edge/differential.test.ts` holds the guards against it.
//!
//! The first line read is the issuers, as the Worker is configured with them, but with secrets in place of their names. Each line
//! after it is a token, as a JSON string. Each is answered by a line: `accepted`, or the error that it was refused with.
#![cfg_attr(target_arch = "wasm32", no_main)]
#![cfg(not(target_arch = "wasm32"))]

use std::{
    error::Error,
    io::{self, BufRead, Write},
    str::FromStr,
};

use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

/// A configured key, and what a token has to say to be verified with it.
struct Key {
    /// None is for tokens without one.
    kid: Option<String>,
    material: DecodingKey,
    validation: Validation,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut lines = io::stdin().lock().lines();
    let issuers: Value = serde_json::from_str(&lines.next().ok_or("no issuers")??)?;
    let mut keys = Vec::new();
    for issuer in list(&issuers)? {
        for key in list(&issuer["keys"])? {
            keys.push(read_key(issuer, key)?);
        }
    }
    let mut answers = io::stdout().lock();
    for line in lines {
        let token: String = serde_json::from_str(&line?)?;
        writeln!(answers, "{}", verdict(&token, &keys))?;
        answers.flush()?;
    }
    Ok(())
}

fn read_key(issuer: &Value, key: &Value) -> Result<Key, Box<dyn Error>> {
    let material = if let Some(secret) = key["secret"].as_str() {
        DecodingKey::from_secret(secret.as_bytes())
    } else if let Some(pem) = key["pem"].as_str() {
        DecodingKey::from_rsa_pem(pem.as_bytes())?
    } else {
        DecodingKey::from_jwk(&serde_json::from_value(key["jwk"].clone())?)?
    };
    let mut validation = Validation::new(Algorithm::from_str(text(&key["alg"])?)?);
    validation.leeway = issuer["leeway"].as_u64().ok_or("no leeway")?;
    validation.validate_nbf = true;
    validation.set_issuer(&[text(&issuer["issuer"])?]);
    validation.set_audience(&texts(&issuer["audiences"])?);
    // Ours needs no word for these. Without them here, a token without `iss` would be anybody's.
    validation.set_required_spec_claims(&["exp", "iss", "aud"]);
    validation.required_spec_claims.extend(texts(&issuer["required_claims"])?);
    Ok(Key { kid: key["kid"].as_str().map(str::to_owned), material, validation })
}

/// By any key with exactly the token's `kid`: each wants its own issuer and its own algorithm, so no two can take the same token.
fn verdict(token: &str, keys: &[Key]) -> String {
    let header = match decode_header(token) {
        Ok(header) => header,
        Err(error) => return format!("{:?}", error.kind()),
    };
    let mut verdict = "no such kid".to_owned();
    for key in keys.iter().filter(|key| key.kid == header.kid) {
        match decode::<Value>(token, &key.material, &key.validation) {
            Ok(_) => return "accepted".into(),
            Err(error) => verdict = format!("{:?}", error.kind()),
        }
    }
    verdict
}

fn list(value: &Value) -> Result<&Vec<Value>, Box<dyn Error>> {
    Ok(value.as_array().ok_or("not a list")?)
}

fn text(value: &Value) -> Result<&str, Box<dyn Error>> {
    Ok(value.as_str().ok_or("not a text")?)
}

fn texts(value: &Value) -> Result<Vec<String>, Box<dyn Error>> {
    list(value)?.iter().map(|value| text(value).map(str::to_owned)).collect()
}
