use quash_core::{Issuer, Key};
use subtle::{Choice, ConstantTimeEq};

use super::{Field, Server, keys};
use crate::{
    config::LEDGER_NEEDED,
    keys::{HostKeys, KeySet},
};

/// The shortest secret of a client, in characters: 32 of 64 letters are 192 bits.
pub(super) const MIN_SECRET: usize = 32;

/// How far ahead the `exp` of a client's assertion may lie, and the most that may be allowed: what some libraries put there.
const ASSERTION_SECS: u64 = 5 * 60;
const MAX_ASSERTION_SECS: u64 = 60 * 60;

/// A server that may ask what others may not, once it has said who it is.
pub struct Client {
    id: String,
    /// `None` for one that signs assertions.
    secret: Option<String>,
    may_revoke: bool,
    may_administer: bool,
    introspects: Option<Vec<String>>,
}

impl Client {
    /// A client that may revoke. Its secret must survive both ways in which clients send it, form-encoded (RFC 6749 section 2.3.1)
    /// and raw, so it has only letters that are the same in both.
    ///
    /// # Errors
    /// What is wrong with the id or the secret.
    pub fn new(id: &str, secret: Option<&str>) -> Result<Self, &'static str> {
        let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_' || b == b'.');
        if id.is_empty() || !plain(id) {
            return Err("the client's `id` must be made of `A-Za-z0-9-_.`");
        }
        if secret.is_some_and(|secret| secret.len() < MIN_SECRET || !plain(secret)) {
            return Err("must have at least 32 characters of `A-Za-z0-9-_.`");
        }
        let secret = secret.map(str::to_owned);
        Ok(Self { id: id.into(), secret, may_revoke: true, may_administer: false, introspects: None })
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether these are the client's, in a time that does not depend on where they are not.
    pub fn is(&self, id: &str, secret: &str) -> Choice {
        let own = self.secret.as_deref().unwrap_or_default();
        let has_secret = Choice::from(u8::from(self.secret.is_some()));
        has_secret & self.id.as_bytes().ct_eq(id.as_bytes()) & own.as_bytes().ct_eq(secret.as_bytes())
    }

    /// Whether it can say who it is by a secret.
    pub(super) const fn has_secret(&self) -> bool {
        self.secret.is_some()
    }

    /// Whether it may revoke tokens.
    pub const fn may_revoke(&self) -> bool {
        self.may_revoke
    }

    /// Whether it may use the Admin API: revoke whatever it names, and see what is.
    pub const fn may_administer(&self) -> bool {
        self.may_administer
    }

    /// For which audiences it may ask whether a token is in force: any, if none is named; `None` for one that may not ask.
    pub fn introspects(&self) -> Option<&[String]> {
        self.introspects.as_deref()
    }
}

/// Whether the client signs assertions.
fn signs(field: &Field<'_, '_>) -> bool {
    field.member("keys").is_there() || field.member("jwks_uri").is_there()
}

pub(super) fn all(list: &Field<'_, '_>) -> Vec<Client> {
    let mut clients: Vec<Client> = Vec::new();
    list.each(&mut |field| {
        let Some(client) = read(field) else { return };
        if clients.iter().any(|other| other.id == client.id) {
            // Which of them it is that asks, and what it may do, nobody could say.
            field.member("id").wrong(&"is there already");
        }
        clients.push(client);
    });
    clients
}

fn read(field: &Field<'_, '_>) -> Option<Client> {
    field.table(&["id", "secret", "keys", "jwks_uri", "algorithms", "max_stale", "max_lifetime", "may", "audiences"]);
    let secret = field.member("secret");
    if !signs(field) {
        secret.required();
    }
    let id = field.member("id").required().text()?;
    let text = if secret.is_there() { Some(secret.secret()?) } else { None };
    let mut client = Client::new(id, text.as_deref()).inspect_err(|problem| secret.wrong(problem)).ok()?;

    let (may, audiences) = (field.member("may"), field.member("audiences"));
    if may.is_there() {
        client.may_revoke = false;
        may.each(&mut |right| match right.choice(&["revoke", "introspect", "administer"]) {
            Some(1) => client.introspects = Some(Vec::new()),
            Some(2) => client.may_administer = true,
            right => client.may_revoke |= right.is_some(),
        });
    }
    match &mut client.introspects {
        Some(names) => {
            *names = audiences.texts();
            if audiences.is_there() && names.is_empty() {
                audiences.wrong(&"must name one, or not be there");
            }
        }
        None if audiences.is_there() => audiences.wrong(&"is for clients that may `introspect`"),
        None => {}
    }
    Some(client)
}

/// A client that signs assertions, as their issuer with the usual leeway, its keys, and what it publishes; `None` for one that has a
/// secret only.
pub(super) fn signer(
    field: &Field<'_, '_>,
    server: Option<&Server>,
    has_ledger: bool,
    host_keys: &mut HostKeys,
) -> Option<(Issuer, Vec<Key>, Option<KeySet>)> {
    if !signs(field) {
        return None;
    }
    let id = field.member("id").text_or("");
    let configured = field.member("keys").list(&mut |key| keys::configured(key, host_keys));
    let published = keys::published(field, &id).map(KeySet::new);
    if configured.is_empty() && published.is_none() {
        field.member("keys").wrong(&"at least one is needed, or `jwks_uri`");
    }
    if !has_ledger {
        // A second use of an assertion could be somewhere else, at the same moment: only one object for all can tell.
        field.wrong(&format_args!("has keys, and so {LEDGER_NEEDED}"));
    }
    let Some(server) = server else {
        field.wrong(&"has keys, and so needs `server.url`: its assertions have to name us");
        return None;
    };
    let max_lifetime = field.member("max_lifetime").seconds(ASSERTION_SECS, MAX_ASSERTION_SECS);
    let issuer = Issuer { audiences: server.audiences.clone(), ..Issuer::new(id, max_lifetime) };
    Some((issuer, configured, published))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn a_secret_that_encodings_would_change_is_refused() {
        for (id, secret) in [("a", "short"), ("a", "0123456789abcdef0123456789abcde+"), ("", SECRET), ("a b", SECRET)] {
            assert!(Client::new(id, Some(secret)).is_err());
        }
        let client = Client::new("a", Some(SECRET)).unwrap();
        assert!(bool::from(client.is("a", SECRET)));
        assert!(!bool::from(client.is("b", SECRET) | client.is("a", &SECRET[1..])));
    }

    #[test]
    fn no_secret_is_none_of_one_that_has_none() {
        assert!(!bool::from(Client::new("a", None).unwrap().is("a", "")));
    }
}
