use alloc::{string::String, vec::Vec};

use crate::{
    Malformed, Timestamp,
    json::{Object, Value},
};

/// The registered claims that Quash reads (RFC 7519 section 4.1; `sid`: OpenID Connect Front-Channel Logout section 3;
/// `client_id`: RFC 9068 section 2.2; `azp`: OpenID Connect Core section 2).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Claims {
    /// `iss`.
    pub issuer: Option<String>,
    /// `sub`.
    pub subject: Option<String>,
    /// `aud`: a single string is a list of one.
    pub audiences: Vec<String>,
    /// `exp`; a fraction of a millisecond is cut off, so the token dies early rather than late.
    pub expires_at: Option<Timestamp>,
    /// `nbf`.
    pub not_before: Option<Timestamp>,
    /// `iat`; a fraction of a millisecond is cut off, so that more cutoffs cover the token rather than fewer.
    pub issued_at: Option<Timestamp>,
    /// `jti`.
    pub token_id: Option<String>,
    /// `sid`.
    pub session: Option<String>,
    /// `client_id`, else `azp`.
    pub client: Option<String>,
}

impl Claims {
    /// Reads a claims set. A claim that is there must have its type: `null` is not "absent".
    pub(crate) fn parse(json: &[u8]) -> Result<Self, Malformed> {
        let object = Object::parse(json)?;
        Ok(Self {
            issuer: string(&object, "iss")?,
            subject: string(&object, "sub")?,
            audiences: strings(&object, "aud")?,
            expires_at: numeric_date(&object, "exp")?,
            not_before: numeric_date(&object, "nbf")?,
            issued_at: numeric_date(&object, "iat")?,
            token_id: string(&object, "jti")?,
            session: string(&object, "sid")?,
            client: match string(&object, "client_id")? {
                Some(client) => Some(client),
                None => string(&object, "azp")?,
            },
        })
    }
}

fn string(object: &Object, name: &'static str) -> Result<Option<String>, Malformed> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(Malformed::Claim(name)),
    }
}

fn strings(object: &Object, name: &'static str) -> Result<Vec<String>, Malformed> {
    match object.get(name) {
        None => Ok(Vec::new()),
        Some(Value::String(text)) => Ok([text.clone()].into()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| match item {
                Value::String(text) => Ok(text.clone()),
                _ => Err(Malformed::Claim(name)),
            })
            .collect(),
        Some(_) => Err(Malformed::Claim(name)),
    }
}

/// A `NumericDate`: seconds, possibly fractional (RFC 7519 section 2).
fn numeric_date(object: &Object, name: &'static str) -> Result<Option<Timestamp>, Malformed> {
    match object.get(name) {
        None => Ok(None),
        Some(Value::Number(secs)) if (0.0..=Timestamp::MAX_SECS as f64).contains(secs) => {
            Ok(Some(Timestamp::from_millis((secs * 1000.0) as u64)))
        }
        Some(_) => Err(Malformed::Claim(name)),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn reads_the_registered_claims() {
        let claims = Claims::parse(
            br#"{"iss":"i","sub":"s","aud":["a","b"],"exp":1000.25,"nbf":1,"iat":2,"jti":"j","sid":"d","azp":"c"}"#,
        )
        .unwrap();
        assert_eq!(claims.audiences, ["a", "b"]);
        assert_eq!(claims.expires_at, Some(Timestamp::from_millis(1_000_250)));
        assert_eq!(claims.session.as_deref(), Some("d"));
        assert_eq!(claims.client.as_deref(), Some("c"));
        let claims = Claims::parse(br#"{"aud":"a","client_id":"x","azp":"c"}"#).unwrap();
        assert_eq!(claims.audiences, ["a"]);
        assert_eq!(claims.client.as_deref(), Some("x"));
        assert_eq!(claims.expires_at, None);
    }

    #[test]
    fn a_claim_of_the_wrong_type_is_not_an_absent_one() {
        for (json, claim) in [
            (r#"{"jti":17}"#, "jti"),
            (r#"{"jti":null}"#, "jti"),
            (r#"{"iss":["a"]}"#, "iss"),
            (r#"{"aud":[1]}"#, "aud"),
            (r#"{"aud":{}}"#, "aud"),
            (r#"{"exp":"1000"}"#, "exp"),
            (r#"{"exp":-1}"#, "exp"),
            (r#"{"iat":253402300800}"#, "iat"),
            (r#"{"nbf":true}"#, "nbf"),
        ] {
            assert_eq!(Claims::parse(json.as_bytes()), Err(Malformed::Claim(claim)), "{json}");
        }
    }
}
