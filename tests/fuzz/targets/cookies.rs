//! What a page writes to `document.cookie`: nobody's host, path or name may smuggle an attribute in. The input is a host, a path
//! and, on the lines after them, a name.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use quash_core::logout::{MAX_DOMAINS, MAX_FOLDERS, Page, expiring_writes};

/// Every attribute there may be, once.
const ATTRIBUTES: &str = "=x; Max-Age=0; Path=/; Domain=; Secure; SameSite=None; Partitioned";

/// As the documentation of [`MAX_FOLDERS`] counts them.
const MAX_WRITES: usize = (1 + 2 * MAX_FOLDERS + 1) * (1 + MAX_DOMAINS) * 3;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = str::from_utf8(input) else { return };
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (host, path, name) = (line(), line(), line());
    for secure in [true, false] {
        let page = Page { host, path, secure };
        let writes = expiring_writes(name, page);
        assert!(is_possible(name) || writes.is_empty());
        // The likeliest always comes first, but where the name's prefix demands `Secure`.
        assert!(
            !is_possible(name)
                || name.starts_with("__")
                || writes.starts_with(&format!("{name}=x; Max-Age=0; Path=/\n"))
        );
        assert!(writes.lines().count() <= MAX_WRITES);
        writes.split_terminator('\n').for_each(|write| assert_write(write, name, page));
    }
});

/// As RFC 6265bis section 5.6 has it; in characters, where core looks at bytes.
fn is_possible(name: &str) -> bool {
    !name.contains(|letter: char| ";=".contains(letter) || letter.is_ascii_control() && letter != '\t')
}

fn assert_write(write: &str, name: &str, page: Page<'_>) {
    assert!(!write.contains(|letter: char| letter.is_ascii_control() && letter != '\t'));
    assert!(write.len() <= name.len() + ATTRIBUTES.len() + page.path.len() + page.host.len());

    let mut parts = write.strip_prefix(name).unwrap().split("; ");
    assert_eq!(parts.next(), Some("=x"));
    let mut attributes = BTreeMap::new();
    for part in parts {
        assert!(!part.contains(';'));
        let (attribute, value) = part.split_once('=').unwrap_or((part, ""));
        assert_eq!(attributes.insert(attribute, value), None);
    }

    assert_eq!(attributes.remove("Max-Age"), Some("0"));
    let path = attributes.remove("Path").unwrap();
    assert!(path == "/" || page.path.starts_with(path));
    let domain = attributes.remove("Domain");
    let is_parent = |domain| page.host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    assert!(domain.is_none_or(is_parent));
    let is_secure = attributes.remove("Secure").is_some();
    assert_eq!(attributes.remove("SameSite"), is_secure.then_some("None"));
    assert!(attributes.remove("Partitioned").is_none_or(|_| is_secure));
    assert!(attributes.is_empty());

    assert!(!is_secure || page.secure);
    let name = name.to_ascii_lowercase();
    assert!(!name.starts_with("__secure-") || is_secure);
    assert!(!name.starts_with("__host-") || is_secure && path == "/" && domain.is_none());
}
