use std::fmt;

use quash_core::{
    Algorithm,
    json::{Document, Value},
};

use super::{Field, keys};
use crate::json_object::JsonObject;

/// What a public key says (RFC 7518 section 6, RFC 8037 section 2): everything else in a private one is secret, or nobody's business.
const PUBLIC: [&str; 6] = ["kty", "crv", "x", "y", "n", "e"];

/// A key to sign with. WebCrypto holds it as soon as it was used.
#[derive(Clone)]
pub struct SigningKey {
    /// `kid` of what is signed.
    pub id: Option<String>,
    /// `alg` of it.
    pub algorithm: Algorithm,
    /// The secret of HMAC, or else a private JWK (RFC 7517).
    pub secret: String,
    /// The way to it in the configuration.
    pub field: String,
}

/// No log has the secret.
impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// What a table with a key has for it.
pub(super) const FIELDS: [&str; 3] = ["kid", "alg", "secret"];

impl SigningKey {
    /// Reads the key of a table that may have other members, too.
    pub(super) fn read(field: &Field<'_, '_>) -> Option<Self> {
        let secret = field.member("secret");
        let algorithm = keys::algorithm(field.member("alg").required())?;
        let text = secret.required().secret()?;
        if algorithm.is_symmetric() {
            // As long as whoever verifies wants it.
            keys::shared(None, algorithm, &secret)?;
        } else if Document::parse(text.as_bytes().into()).is_err() {
            secret.wrong(&"must be a private key as a JWK (RFC 7517)");
        }
        Some(Self { id: field.member("kid").text().map(str::to_owned), algorithm, secret: text, field: secret.path() })
    }

    /// Reads a key that is published, and so has a name, and no secret that others would have to have.
    pub(super) fn read_published(field: &Field<'_, '_>) -> Option<Self> {
        field.table(&FIELDS);
        field.member("kid").required();
        let key = Self::read(field)?;
        if key.algorithm.is_symmetric() {
            field
                .member("alg")
                .wrong(&"is for a secret, and whoever verifies what is signed here must not be able to sign it");
        } else if key.public_jwk().is_none() {
            field.member("secret").wrong(&"must be a private key as a JWK (RFC 7517)");
        }
        Some(key)
    }

    /// The public key, as it is published; `None` when there is none in it.
    pub fn public_jwk(&self) -> Option<String> {
        let jwk = Document::parse(self.secret.clone().into_bytes()).ok()?;
        let members = PUBLIC.into_iter().filter_map(|name| Some((name, jwk.object().get(name)?.as_str()?)));
        let public = members.fold(JsonObject::new(), |public, (name, text)| public.text(name, text));
        let public = self.id.iter().fold(public, |public, id| public.text("kid", id));
        let is_key = matches!(jwk.object().get("kty"), Some(Value::String("EC" | "OKP" | "RSA")));
        is_key.then(|| public.text("alg", self.algorithm.name()).text("use", "sig").end())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_private_key_is_published() {
        let of = |secret: &str| {
            let key = SigningKey {
                id: Some("k".into()),
                algorithm: Algorithm::Es256,
                secret: secret.into(),
                field: "f".into(),
            };
            key.public_jwk()
        };
        let private = r#"{"d":"secret","kty":"EC","crv":"P-256","x":"X","y":"Y","p":"secret","key_ops":["sign"],"ext":true,"kid":"other"}"#;
        let public = r#"{"kty":"EC","crv":"P-256","x":"X","y":"Y","kid":"k","alg":"ES256","use":"sig"}"#;
        assert_eq!(of(private).as_deref(), Some(public));
        for wrong in ["", "{", "{}", r#"{"kty":"oct","k":"secret"}"#, r#"{"kty":1}"#] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }
}
