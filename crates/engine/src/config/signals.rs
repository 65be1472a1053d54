use subtle::ConstantTimeEq;

use super::{Client, Field, client::MIN_SECRET};
use crate::{credential::bearer_token, error::Error};

/// What an issuer may send to have its own subjects' tokens revoked, and to whom it addresses that. Without an audience it may not
/// send it.
pub struct Signals {
    issuer: String,
    /// Our client ids at the issuer: `aud` of its logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4).
    pub logout_audiences: Vec<String>,
    /// Who we are to it as a receiver of events: `aud` of its security event tokens (RFC 8417 section 2.2).
    pub event_audiences: Vec<String>,
    /// What it sends with them as a bearer token, if it was told to.
    event_secret: Option<String>,
    /// `aud` of the tokens by which it authenticates itself where it has a subject's tokens revoked.
    pub revocation_audiences: Vec<String>,
    /// Clients of ours that may have a subject's tokens revoked.
    pub revocation_clients: Vec<String>,
}

/// What an issuer's table may have for them.
pub(super) const FIELDS: [&str; 5] =
    ["logout_audiences", "event_audiences", "event_secret", "revocation_audiences", "revocation_clients"];

impl Signals {
    pub(super) fn read(field: &Field<'_, '_>, clients: &[Client]) -> Self {
        let texts = |name| field.member(name).texts();
        Self {
            issuer: field.member("issuer").text_or(""),
            logout_audiences: texts("logout_audiences"),
            event_audiences: texts("event_audiences"),
            event_secret: event_secret(&field.member("event_secret")),
            revocation_audiences: texts("revocation_audiences"),
            revocation_clients: field.member("revocation_clients").list(&mut |item| {
                let id = item.text()?;
                // It authenticates by that alone, since an assertion goes into a form, and there is none.
                if !clients.iter().any(|client| client.id() == id && client.has_secret()) {
                    item.wrong(&"is none of `clients` that has a secret");
                }
                Some(id.to_owned())
            }),
        }
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Checks that who sends an event of the issuer's may do so, in a time that does not depend on where the secret is another one.
    ///
    /// # Errors
    /// [`Error::CallerNotAllowed`], [`Error::ClientUnknown`].
    pub fn check_transmitter(&self, authorization: Option<&str>) -> Result<(), Error> {
        if self.event_audiences.is_empty() {
            return Err(Error::CallerNotAllowed);
        }
        let Some(secret) = &self.event_secret else { return Ok(()) };
        let sent = authorization.and_then(bearer_token).unwrap_or_default();
        if secret.as_bytes().ct_eq(sent.as_bytes()).into() { Ok(()) } else { Err(Error::ClientUnknown) }
    }
}

/// As long as the secret of a client.
fn event_secret(field: &Field<'_, '_>) -> Option<String> {
    let secret = field.secret()?;
    if secret.len() < MIN_SECRET {
        field.wrong(&"must have at least 32 characters");
    }
    Some(secret)
}
