//! A cookie's identity is name + domain + host-only + path + partition (RFC 6265bis section 5.7): a write with any other
//! attributes deletes nothing and says nothing. So every identity that the page can see is tried. Cookies that are `HttpOnly`
//! cannot be reached from a page at all: the edge's answer expires those.

use alloc::{string::String, vec::Vec};

/// Folders of the page's path that are tried, from the root down, each with and without its slash. With [`MAX_DOMAINS`] a
/// cookie costs at most (1 + 2 × 8 + 1) paths × (1 + 5) domains × 3 securities = 324 writes, tried likeliest first.
pub const MAX_FOLDERS: usize = 8;

/// `Domain` attributes that are tried: the host, then its parents from the widest down. See [`MAX_FOLDERS`] for the product.
pub const MAX_DOMAINS: usize = 5;

/// The page whose cookies are meant.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// `location.hostname`.
    pub host: &'a str,
    /// `location.pathname`.
    pub path: &'a str,
    /// `isSecureContext`: may this page write `Secure` cookies?
    pub secure: bool,
}

// The second reaches cookies from inside a frame of another site, where a write without `SameSite=None` is ignored; the third
// reaches partitioned ones (CHIPS). The first is tried everywhere: on `http://localhost` Safari ignores `Secure`.
const SECURITIES: [&str; 3] = ["", "; Secure; SameSite=None", "; Secure; SameSite=None; Partitioned"];

/// What to assign to `document.cookie`, a line each, likeliest first, until no cookie of this name can be read.
///
/// A write that would break the promise of the name's prefix is left out: it would be ignored (RFC 6265bis section 4.1.3). A
/// name that no cookie can have, since it has a `;`, a `=` or a control character in it, gets no write at all.
///
/// ```
/// use quash_core::logout::{Page, expiring_writes};
///
/// let page = Page { host: "localhost", path: "/", secure: false };
/// assert_eq!(
///     expiring_writes("token", page),
///     "token=x; Max-Age=0; Path=/\ntoken=x; Max-Age=0; Path=/; Domain=localhost\n"
/// );
/// ```
#[must_use]
pub fn expiring_writes(name: &str, page: Page<'_>) -> String {
    let mut writes = String::new();
    if name.bytes().any(|byte| byte == b'=' || ends_attribute(byte)) {
        return writes;
    }
    let is_host = has_prefix(name, "__Host-");
    let is_secure = is_host || has_prefix(name, "__Secure-");
    let domains = domains(page.host);
    for path in paths(page.path) {
        for domain in &domains {
            for security in SECURITIES {
                if (security.is_empty() && is_secure || !security.is_empty() && !page.secure)
                    || is_host && (path != "/" || !domain.is_empty())
                {
                    continue;
                }
                let domain_attribute = if domain.is_empty() { "" } else { "; Domain=" };
                // The value is not empty: a cookie with neither name nor value is ignored (section 5.6), and the nameless one
                // must go too.
                for part in [name, "=x; Max-Age=0; Path=", path, domain_attribute, domain, security, "\n"] {
                    writes.push_str(part);
                }
            }
        }
    }
    writes
}

// Browsers compare the prefixes without case (RFC 6265bis section 4.1.3).
fn has_prefix(name: &str, prefix: &str) -> bool {
    name.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
}

// The empty one stands for host-only. A top-level domain is left out, unless it is the host: browsers refuse cookies for it.
fn domains(host: &str) -> Vec<&str> {
    let mut domains = Vec::from([""]);
    let bytes = host.as_bytes();
    let label = bytes.iter().rev().take_while(|&&byte| byte != b'.');
    let is_address = bytes.first() == Some(&b'[') || label.copied().all(|byte| byte.is_ascii_digit());
    if is_address || host.bytes().any(ends_attribute) {
        return domains;
    }
    domains.push(host);
    let mut dots = 0;
    for (at, &byte) in bytes.iter().enumerate().rev() {
        if byte == b'.' {
            dots += 1;
            if dots > 1 && domains.len() <= MAX_DOMAINS {
                domains.extend(host.get(at + 1..));
            }
        }
    }
    domains
}

// Every path that matches the page's (RFC 6265bis section 5.1.4), as far as an attribute can express it.
fn paths(path: &str) -> Vec<&str> {
    let bytes = path.as_bytes();
    let end = bytes.iter().position(|&byte| ends_attribute(byte)).unwrap_or(path.len());
    let mut paths = Vec::from(["/"]);
    if bytes.first() == Some(&b'/') {
        for at in 1..end {
            if bytes.get(at) == Some(&b'/') && paths.len() < 2 * MAX_FOLDERS {
                paths.extend(path.get(..at));
                paths.extend(path.get(..=at));
            }
        }
        // The page itself, unless it is a folder and there already.
        paths.extend(path.get(..end).filter(|page| !page.ends_with('/')));
    }
    paths
}

// Bytes and not characters below and above: every byte that matters is ASCII, and the browser's module stays smaller.
fn ends_attribute(byte: u8) -> bool {
    byte == b';' || (byte.is_ascii_control() && byte != b'\t')
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const PAGE: Page<'_> = Page { host: "app.example.com", path: "/account/me", secure: true };

    fn writes(cookie: &str, page: Page<'_>) -> Vec<String> {
        expiring_writes(cookie, page).lines().map(String::from).collect()
    }

    fn contains(writes: &[String], write: &str) -> bool {
        writes.iter().any(|other| other == write)
    }

    #[test]
    fn no_name_can_carry_an_attribute() {
        for bad in ["a;b", "a; Domain=evil.example", "a=b", "a\r\nb", "a\0", "a\u{7f}"] {
            assert_eq!(expiring_writes(bad, PAGE), "", "{bad:?}");
        }
        for good in ["", "token", "a b", "a\tb", "\u{e9}t\u{e9}", "\"quoted\""] {
            assert!(expiring_writes(good, PAGE).starts_with(&[good, "=x; Max-Age=0; Path=/\n"].concat()), "{good:?}");
        }
    }

    #[test]
    fn tries_each_domain_path_and_security_once_and_the_likeliest_first() {
        let writes = writes("token", PAGE);
        assert_eq!(writes[0], "token=x; Max-Age=0; Path=/");
        let mut expected = Vec::new();
        for path in ["/", "/account", "/account/", "/account/me"] {
            for domain in ["", "; Domain=app.example.com", "; Domain=example.com"] {
                for security in ["", "; Secure; SameSite=None", "; Secure; SameSite=None; Partitioned"] {
                    expected.push(["token=x; Max-Age=0; Path=", path, domain, security].concat());
                }
            }
        }
        assert_eq!(writes, expected);
    }

    #[test]
    fn an_insecure_page_writes_nothing_that_needs_a_secure_one() {
        let page = Page { secure: false, path: "/", host: "localhost" };
        assert_eq!(
            writes("token", page),
            ["token=x; Max-Age=0; Path=/", "token=x; Max-Age=0; Path=/; Domain=localhost"]
        );
        assert_eq!(writes("__Secure-token", page), [""; 0]);
        assert_eq!(writes("__Host-token", page), [""; 0]);
    }

    #[test]
    fn a_host_prefixed_cookie_has_one_path_and_no_domain() {
        let expected = [
            "=x; Max-Age=0; Path=/; Secure; SameSite=None",
            "=x; Max-Age=0; Path=/; Secure; SameSite=None; Partitioned",
        ];
        for cookie in ["__Host-token", "__hOST-token"] {
            assert_eq!(writes(cookie, PAGE), expected.map(|write| [cookie, write].concat()));
        }
    }

    #[test]
    fn a_secure_prefixed_cookie_is_always_written_secure() {
        let writes = writes("__Secure-token", PAGE);
        assert_eq!(writes.len(), 4 * 3 * 2);
        assert!(writes.iter().all(|write| write.contains("; Secure")));
        assert!(contains(
            &writes,
            "__Secure-token=x; Max-Age=0; Path=/account; Domain=example.com; Secure; SameSite=None"
        ));
    }

    #[test]
    fn an_address_has_no_parents() {
        for host in ["127.0.0.1", "[::1]", ""] {
            let writes = writes("token", Page { host, path: "/", secure: false });
            assert_eq!(writes, ["token=x; Max-Age=0; Path=/"]);
        }
    }

    #[test]
    fn the_number_of_writes_is_bounded() {
        let (host, path) = ("a.".repeat(60) + "example.com", "/a".repeat(500));
        let writes = writes("token", Page { host: &host, path: &path, ..PAGE });
        assert_eq!(writes.len(), (1 + 2 * MAX_FOLDERS + 1) * (1 + MAX_DOMAINS) * 3);
        assert_eq!(writes.len(), 324);
        assert!(contains(&writes, "token=x; Max-Age=0; Path=/; Domain=example.com"));
        // Empty segments make an even number of paths.
        let path = ["/", &path].concat();
        assert!(paths(&path).len() <= 1 + 2 * MAX_FOLDERS + 1);
    }

    #[test]
    fn no_page_can_carry_an_attribute() {
        let page = Page { host: "a;b.example.com", path: "/app/v;Domain=evil.example/x", ..PAGE };
        let writes = writes("token", page);
        assert_eq!(writes.len(), 4 * 3);
        assert!(contains(&writes, "token=x; Max-Age=0; Path=/app/"));
        assert!(writes.iter().all(|write| !write.contains("omain=")));
    }

    #[test]
    fn empty_segments_and_odd_paths_are_no_trouble() {
        assert_eq!(paths(""), ["/"]);
        assert_eq!(paths("blank"), ["/"]);
        // After an empty segment a path comes twice, which does no harm.
        assert_eq!(paths("//a"), ["/", "/", "//", "//a"]);
        assert_eq!(paths("/a//b"), ["/", "/a", "/a/", "/a/", "/a//", "/a//b"]);
        assert_eq!(paths("/a/"), ["/", "/a", "/a/"]);
        assert_eq!(paths("/\u{e9}/b"), ["/", "/\u{e9}", "/\u{e9}/", "/\u{e9}/b"]);
    }
}
