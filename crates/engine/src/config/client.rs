use subtle::{Choice, ConstantTimeEq};

use super::Field;

/// The shortest secret of a client, in characters: 32 of 64 letters are 192 bits.
pub(super) const MIN_SECRET: usize = 32;

/// Who may call `/auth/revoke`.
pub struct Client {
    id: String,
    secret: String,
}

impl Client {
    /// A client. Its secret must survive both ways in which clients send it, form-encoded (RFC 6749 section 2.3.1) and raw,
    /// so it has only letters that are the same in both.
    ///
    /// # Errors
    /// What is wrong with the id or the secret.
    pub fn new(id: &str, secret: &str) -> Result<Self, &'static str> {
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.');
        if id.is_empty() || !plain(id) {
            return Err("the client's `id` must be made of `A-Za-z0-9-_.`");
        }
        if secret.len() < MIN_SECRET || !plain(secret) {
            return Err("must have at least 32 characters of `A-Za-z0-9-_.`");
        }
        Ok(Self { id: id.into(), secret: secret.into() })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether these are the client's, in a time that does not depend on where they are not.
    pub fn is(&self, id: &str, secret: &str) -> Choice {
        self.id.as_bytes().ct_eq(id.as_bytes()) & self.secret.as_bytes().ct_eq(secret.as_bytes())
    }
}

pub(super) fn read(field: &Field<'_, '_>) -> Option<Client> {
    field.table(&["id", "secret"]);
    let secret = field.member("secret");
    let id = field.member("id").required().text()?;
    let client = Client::new(id, &secret.required().secret()?);
    client.inspect_err(|problem| secret.wrong(problem)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_secret_that_encodings_would_change_is_refused() {
        for (id, secret) in [("a", "short"), ("a", "0123456789abcdef0123456789abcde+"), ("", SECRET), ("a b", SECRET)] {
            assert!(Client::new(id, secret).is_err());
        }
        let client = Client::new("a", SECRET).unwrap();
        assert!(bool::from(client.is("a", SECRET)));
        assert!(!bool::from(client.is("b", SECRET) | client.is("a", &SECRET[1..])));
    }
}
