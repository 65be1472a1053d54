use thiserror::Error;

/// A pattern of paths that need no token: an exact path (`/login`), or everything below one (`/assets/*`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PublicPath {
    path: String,
    below: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a public path is `/exact` or `/below/*`, without `//`, `\\`, `%`, `?` or `#`")]
pub(crate) struct InvalidPublicPath;

impl PublicPath {
    pub(crate) fn parse(pattern: &str) -> Result<Self, InvalidPublicPath> {
        let (path, below) = match pattern.strip_suffix('*') {
            Some(path) if path.ends_with('/') => (path, true),
            Some(_) => return Err(InvalidPublicPath),
            None => (pattern, false),
        };
        let plain = path.starts_with('/') && !is_ambiguous(path) && !path.contains(['*', '?', '#', '%']);
        plain.then(|| Self { path: path.into(), below }).ok_or(InvalidPublicPath)
    }

    /// Whether a request for `path` (as the URL has it, not decoded) is public.
    pub(crate) fn matches(&self, path: &str) -> bool {
        if self.below { path.starts_with(&self.path) && !is_ambiguous(path) } else { path == self.path }
    }
}

/// Whether an origin might read the path as another one: it has an empty segment, a backslash, or an encoded `.`, `/`, `\` or
/// `%`. Below `/assets/*`, such a path could mean `/api/secret` to the origin, so it is never public.
fn is_ambiguous(path: &str) -> bool {
    let encoded =
        |hex: &str| path.as_bytes().windows(3).any(|at| at[0] == b'%' && at[1..].eq_ignore_ascii_case(hex.as_bytes()));
    path.contains("//") || path.contains('\\') || ["2e", "2f", "5c", "25", "00"].into_iter().any(encoded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_path_is_exact() {
        let login = PublicPath::parse("/login").unwrap();
        assert!(login.matches("/login"));
        for path in ["/login/", "/Login", "/login2", "/", "/%6cogin", "//login"] {
            assert!(!login.matches(path), "{path}");
        }
    }

    #[test]
    fn below_a_path_nothing_ambiguous_is_public() {
        let assets = PublicPath::parse("/assets/*").unwrap();
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
        ] {
            assert!(!assets.matches(path), "{path}");
        }
    }

    #[test]
    fn an_unclear_pattern_is_refused() {
        for pattern in ["", "login", "/a*", "*", "/a//b", "/a/%2e", "/a?b", "/a/*/b", "/a\\b"] {
            assert_eq!(PublicPath::parse(pattern), Err(InvalidPublicPath), "{pattern}");
        }
        assert!(PublicPath::parse("/*").is_ok());
    }
}
