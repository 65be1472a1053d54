use thiserror::Error;

/// A pattern of paths: an exact one (`/login`), or everything below one (`/assets/*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathPattern {
    path: String,
    below: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a path is `/exact` or `/below/*`, without `//`, `\\`, `%`, `?` or `#`")]
pub(crate) struct InvalidPattern;

impl PathPattern {
    pub(crate) fn parse(pattern: &str) -> Result<Self, InvalidPattern> {
        let (path, below) = match pattern.strip_suffix('*') {
            Some(path) if path.ends_with('/') => (path, true),
            Some(_) => return Err(InvalidPattern),
            None => (pattern, false),
        };
        let plain = path.starts_with('/') && !is_ambiguous(path) && !path.contains(['*', '?', '#', '%']);
        plain.then(|| Self { path: path.into(), below }).ok_or(InvalidPattern)
    }

    /// Whether `path` (as the URL has it, not decoded) is one of these. An ambiguous path is never below another.
    pub(crate) fn matches(&self, path: &str) -> bool {
        if self.below { path.starts_with(&self.path) && !is_ambiguous(path) } else { path == self.path }
    }

    /// Whether an origin that does not mind case, or a slash at the end, might take `path` for one of these.
    pub(crate) fn resembles(&self, path: &str) -> bool {
        if self.below {
            path.get(..self.path.len()).is_some_and(|start| start.eq_ignore_ascii_case(&self.path))
        } else {
            path.trim_end_matches('/').eq_ignore_ascii_case(self.path.trim_end_matches('/'))
        }
    }
}

/// Whether an origin might read the path as another one: it has an empty segment or one of dots, a backslash, parameters of a
/// segment (RFC 3986 section 3.3), or encodes what need not be (section 6.2.2.2) or what separates. Below `/assets/*`, such a
/// path could mean `/api/secret` to the origin. The platform gives URLs as they came, dots and all.
pub(crate) fn is_ambiguous(path: &str) -> bool {
    let is_dots = |segment: &str| segment.is_empty() || segment == "." || segment == "..";
    let Some(segments) = path.strip_prefix('/') else { return true };
    // A slash at the end is no empty segment.
    let segments = segments.strip_suffix('/').unwrap_or(segments);
    !segments.is_empty() && segments.split('/').any(is_dots) || path == "//" || has_ambiguous_letters(path)
}

fn has_ambiguous_letters(path: &str) -> bool {
    let mut bytes = path.bytes();
    while let Some(byte) = bytes.next() {
        let ambiguous = match byte {
            b'\\' | b';' | ..=b' ' | 0x7f => true,
            b'%' => {
                let mut digits = bytes.clone();
                decoded(digits.next(), digits.next()).is_some_and(is_telling)
            }
            _ => false,
        };
        if ambiguous {
            return true;
        }
    }
    false
}

fn decoded(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |letter: u8| char::from(letter).to_digit(16);
    u8::try_from(digit(high?)? * 16 + digit(low?)?).ok()
}

const fn is_telling(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b'\\' | b'%' | b';' | 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_path_is_exact() {
        let login = PathPattern::parse("/login").unwrap();
        assert!(login.matches("/login"));
        for path in ["/login/", "/Login", "/login2", "/", "/%6cogin", "//login"] {
            assert!(!login.matches(path), "{path}");
        }
    }

    #[test]
    fn below_a_path_nothing_ambiguous_is_public() {
        let assets = PathPattern::parse("/assets/*").unwrap();
        for path in ["/assets/app.js", "/assets/", "/assets/a/b%20c.png", "/assets/...", "/assets/.well-known/a..b"] {
            assert!(assets.matches(path), "{path}");
        }
        for path in [
            "/assets",
            "/assetsx/a",
            "/assets/..%2fapi",
            "/assets/..%2Fapi",
            "/assets/%2e%2E/api",
            "/assets/..\\api",
            "/assets/%5c",
            "/assets//api",
            "/assets/%252e",
            "/assets/a%00.js",
            "/assets/%61",
            "/assets/../api",
            "/assets/..",
            "/assets/./a",
            "/assets/.",
            "/assets/..;/api",
            "/assets/a;b",
            "/assets/%3b",
            "/assets/a b",
        ] {
            assert!(!assets.matches(path), "{path}");
        }
    }

    #[test]
    fn an_unclear_pattern_is_refused() {
        for pattern in ["", "login", "/a*", "*", "/a//b", "/a/%2e", "/a?b", "/a/*/b", "/a\\b"] {
            assert_eq!(PathPattern::parse(pattern), Err(InvalidPattern), "{pattern}");
        }
        assert!(PathPattern::parse("/*").is_ok());
    }

    #[test]
    fn what_resembles_a_path_is_known() {
        let (below, exact) = (PathPattern::parse("/admin/*").unwrap(), PathPattern::parse("/admin").unwrap());
        for path in ["/Admin/users", "/ADMIN/", "/admin/users"] {
            assert!(below.resembles(path), "{path}");
        }
        for path in ["/admin/", "/ADMIN", "/admin"] {
            assert!(exact.resembles(path), "{path}");
        }
        for path in ["/admin", "/administrator/", "/a", "", "/\u{e9}dmin/"] {
            assert!(!below.resembles(path), "{path}");
        }
        assert!(!exact.resembles("/admin/users"));
    }
}
