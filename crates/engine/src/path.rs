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
}

/// Whether an origin might read the path as another one: it has an empty segment or a backslash, or encodes what need not be
/// (RFC 3986 section 6.2.2.2) or what separates. Below `/assets/*`, such a path could mean `/api/secret` to the origin.
pub(crate) fn is_ambiguous(path: &str) -> bool {
    let mut bytes = path.bytes().peekable();
    while let Some(byte) = bytes.next() {
        let ambiguous = match byte {
            b'/' => bytes.peek() == Some(&b'/'),
            b'\\' => true,
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
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b'\\' | b'%' | 0)
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
        for path in ["/assets/app.js", "/assets/", "/assets/a/b%20c.png"] {
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
}
