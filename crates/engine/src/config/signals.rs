use super::Field;

/// What an issuer may send to have its own subjects' tokens revoked, and to whom it addresses that. Without an audience it may not
/// send it.
pub struct Signals {
    issuer: String,
    /// Our client ids at the issuer: `aud` of its logout tokens (OpenID Connect Back-Channel Logout 1.0 section 2.4).
    pub logout_audiences: Vec<String>,
}

impl Signals {
    pub(super) fn read(field: &Field<'_, '_>) -> Self {
        let texts = |name| field.member(name).texts();
        Self { issuer: field.member("issuer").text_or(""), logout_audiences: texts("logout_audiences") }
    }

    /// The issuer.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }
}
