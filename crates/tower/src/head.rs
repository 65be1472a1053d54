//! What a request says of itself.

use http::{HeaderMap, HeaderValue, Method, header::InvalidHeaderValue, request::Parts};
use quash_engine::{AsHeaders, Head};

/// What the engine looks at, copied out of the request.
pub(crate) struct Copied {
    url: String,
    is_preflight: bool,
    pub(crate) authorization: Option<String>,
    pub(crate) cookie: Option<String>,
}

impl Copied {
    pub(crate) fn of(parts: &Parts) -> Self {
        let (headers, uri) = (&parts.headers, &parts.uri);
        Self {
            // A server is mostly asked for a path alone, which must not be read as a host.
            url: if uri.scheme().is_some() { uri.to_string() } else { format!("request://here{uri}") },
            is_preflight: parts.method == Method::OPTIONS
                && headers.contains_key("origin")
                && headers.contains_key("access-control-request-method"),
            authorization: header(headers, "authorization"),
            cookie: cookies(headers),
        }
    }

    pub(crate) fn head(&self) -> Head<'_> {
        Head {
            url: &self.url,
            is_preflight: self.is_preflight,
            authorization: self.authorization.as_deref(),
            cookie: self.cookie.as_deref(),
        }
    }
}

/// As Fetch combines several of a name, or one of two credentials would be overlooked.
pub(crate) fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    joined(headers, name, ", ")
}

/// HTTP/2 may send each cookie in a header of its own (RFC 9113 section 8.2.3).
fn cookies(headers: &HeaderMap) -> Option<String> {
    joined(headers, "cookie", "; ")
}

fn joined(headers: &HeaderMap, name: &str, separator: &str) -> Option<String> {
    let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    values.map(String::from).reduce(|all, value| format!("{all}{separator}{value}"))
}

/// A request's headers on their way to the inner service.
pub(crate) struct Passed<'h>(pub(crate) &'h mut HeaderMap);

impl AsHeaders for Passed<'_> {
    type Error = InvalidHeaderValue;

    fn names(&self) -> impl Iterator<Item = String> {
        self.0.keys().map(ToString::to_string)
    }

    fn set(&mut self, name: &'static str, value: &str) -> Result<(), InvalidHeaderValue> {
        self.0.insert(name, HeaderValue::try_from(value)?);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> Result<(), InvalidHeaderValue> {
        self.0.remove(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(request: http::request::Builder) -> Copied {
        Copied::of(&request.body(()).unwrap().into_parts().0)
    }

    #[test]
    fn a_path_is_no_host() {
        for (uri, url) in
            [("/api//x?y=%2e", "request://here/api//x?y=%2e"), ("https://a.example/x", "https://a.example/x")]
        {
            assert_eq!(copied(http::Request::get(uri)).url, url);
        }
    }

    #[test]
    fn every_header_of_a_name_is_seen() {
        let request = http::Request::get("/").header("authorization", "x").header("Authorization", "y");
        let copied = copied(request.header("cookie", "a=é").header("cookie", "b=c"));
        assert_eq!((copied.authorization.as_deref(), copied.cookie.as_deref()), (Some("x, y"), Some("a=é; b=c")));
    }
}
