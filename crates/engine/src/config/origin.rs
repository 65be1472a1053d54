use super::Field;

/// What the guard stands in front of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A server, by its origin.
    Url(String),
    /// Another Worker, by the name of the service binding.
    Service(String),
    /// Static assets, by the name of their binding.
    Assets(String),
}

impl Origin {
    /// `None` for a Worker that guards routes of its own.
    pub(super) fn read(field: &Field<'_, '_>) -> Option<Self> {
        if !field.is_there() {
            return None;
        }
        field.table(&["url", "service", "assets"]);
        let kinds = ["url", "service", "assets"].map(|kind| field.member(kind));
        match kinds.each_ref().map(Field::text) {
            [Some(url), None, None] => {
                if !is_origin(url) {
                    kinds[0].wrong(&"must be an origin like `https://example.com`, without a path");
                }
                Some(Self::Url(url.into()))
            }
            [None, Some(name), None] => Some(Self::Service(name.into())),
            [None, None, Some(name)] => Some(Self::Assets(name.into())),
            _ => {
                field.wrong(&"must have one of `url`, `service` and `assets`");
                None
            }
        }
    }
}

/// Whether `text` is an origin as browsers write it (RFC 6454 section 6.2).
pub(super) fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_graphic() && !br#"/\?#@"#.contains(&b) && !b.is_ascii_uppercase())
    })
}
