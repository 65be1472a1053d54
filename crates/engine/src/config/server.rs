use super::{Field, SigningKey, origin::is_origin};

/// Who we are to clients.
pub struct Server {
    /// Our origin, as clients see it.
    pub url: String,
    /// What the addresses of our endpoints begin with.
    base: String,
    /// What the `aud` of a client's assertion may be.
    pub(crate) audiences: Vec<String>,
    /// Whether we tell what we do at `/.well-known/oauth-authorization-server`.
    pub(crate) metadata: bool,
    /// What our answers are signed with, and what else is published: the first signs.
    pub signing_keys: Vec<SigningKey>,
}

impl Server {
    pub(super) fn read(field: &Field<'_, '_>, prefix: &str) -> Option<Self> {
        if !field.is_there() {
            return None;
        }
        field.table(&["url", "audiences", "metadata", "signing_keys"]);
        let url = field.member("url");
        let own = url.required().text_or("");
        if !is_origin(&own) {
            url.wrong(&"must be an origin like `https://example.com`, without a path");
        }
        // Not what a request was sent to: whoever sends it chooses its `Host`, and could bring an assertion that is for another server.
        let base = format!("{own}{prefix}");
        let mut audiences = vec![own.clone()];
        audiences.extend(["revoke", "introspect", "token"].map(|endpoint| format!("{base}/{endpoint}")));
        audiences.extend(field.member("audiences").texts());
        Some(Self {
            url: own,
            base,
            audiences,
            metadata: field.member("metadata").is_true(),
            signing_keys: signing_keys(&field.member("signing_keys")),
        })
    }

    /// Where one of our endpoints is.
    pub fn endpoint(&self, name: &str) -> String {
        format!("{}/{name}", self.base)
    }
}

fn signing_keys(list: &Field<'_, '_>) -> Vec<SigningKey> {
    let mut keys: Vec<SigningKey> = Vec::new();
    list.each(&mut |field| {
        let Some(key) = SigningKey::read_published(field) else { return };
        if keys.iter().any(|other| other.id == key.id) {
            field.member("kid").wrong(&"another key has it");
        }
        keys.push(key);
    });
    keys
}
