use super::Field;

/// How a proxy tells which request it asks about.
pub struct Verify {
    /// The header that has its URI; empty where that is the path behind our own.
    pub uri: String,
    /// The header that has its method; empty where none has.
    pub method: String,
}

impl Verify {
    pub(super) fn read(field: &Field<'_, '_>) -> Option<Self> {
        if !field.is_there() {
            return None;
        }
        field.table(&["uri", "method"]);
        let (uri, method) = (field.member("uri"), field.member("method"));
        uri.required();
        match uri.text() {
            Some("path") if method.is_there() => method.wrong(&"is the request's own where `uri` is `path`"),
            Some(text) if text != "path" && text.eq_ignore_ascii_case("path") => uri.wrong(&"is spelt `path`"),
            Some("path") => return Some(Self { uri: String::new(), method: String::new() }),
            _ => {}
        }
        Some(Self { uri: header(&uri), method: header(&method) })
    }
}

fn header(field: &Field<'_, '_>) -> String {
    let name = field.text_or("X");
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        field.wrong(&"must be the name of a header, like `X-Forwarded-Uri`");
    }
    if field.is_there() { name } else { String::new() }
}
