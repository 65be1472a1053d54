//! The logout plan: what a page has to try so that nothing of a session stays in the browser.
//!
//! In scope: which effects, in which order, and for each cookie every write that may delete it. Out of scope, and owned by
//! `quash-browser`: touching the DOM, telling the edge and the other tabs, and reporting what became of each effect.
//!
//! A cookie's identity is name + domain + host-only + path + partition (RFC 6265bis section 5.7): a write with any other
//! attributes deletes nothing and says nothing. So the plan tries every identity that the page can see. Cookies that are
//! `HttpOnly` cannot be reached from a page at all: the edge's answer expires those.

use alloc::{string::String, vec::Vec};

/// Longest cookie name in bytes. Browsers refuse a cookie whose name and value together exceed 4096 bytes (RFC 6265bis
/// section 5.6), so nothing longer exists.
pub const MAX_COOKIE_NAME: usize = 4096;

/// Folders of the page's path that are tried, from the root down, each with and without its slash. With [`MAX_DOMAINS`] a
/// cookie costs at most (1 + 2 × 8 + 1) paths × (1 + 5) domains × 3 securities = 324 writes, tried likeliest first.
pub const MAX_FOLDERS: usize = 8;

/// `Domain` attributes that are tried: the host, then its parents from the widest down. See [`MAX_FOLDERS`] for the product.
pub const MAX_DOMAINS: usize = 5;

/// What to wipe in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection<Name> {
    /// Leave the place alone.
    #[default]
    Nothing,
    /// These and no others.
    Names(Vec<Name>),
    /// Whatever is there.
    Everything,
}

/// What the application wants wiped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wipe {
    /// Cookies that scripts can read.
    pub cookies: Selection<CookieName>,
    /// Keys of `localStorage`.
    pub local_storage: Selection<String>,
    /// Keys of this tab's `sessionStorage`.
    pub session_storage: Selection<String>,
}

/// The page that the plan is for.
#[derive(Clone, Copy, Debug)]
pub struct Page<'a> {
    /// `location.hostname`.
    pub host: &'a str,
    /// `location.pathname`.
    pub path: &'a str,
    /// `isSecureContext`: may this page write `Secure` cookies?
    pub secure: bool,
    /// `document.cookie`: what [`Selection::Everything`] means for cookies.
    pub cookies: &'a str,
}

/// One effect for the browser to try. None depends on another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Assign each of `writes` to `document.cookie`, in order, until `name` can no longer be read.
    ExpireCookie {
        /// The cookie.
        name: CookieName,
        /// One string for each identity that the cookie may have, likeliest first.
        writes: Vec<String>,
    },
    /// Remove one key.
    RemoveItem {
        /// Where from.
        area: Area,
        /// The key.
        key: String,
    },
    /// Remove all keys.
    Clear {
        /// Where from.
        area: Area,
    },
}

/// A Web Storage area.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// `localStorage`: shared by the tabs of an origin.
    Local,
    /// `sessionStorage`: each tab has its own.
    Session,
}

/// Lists what to try for `wipe` on `page`: storage first, since one call each is certain to do it, then the cookies.
#[must_use]
pub fn plan(wipe: Wipe, page: Page<'_>) -> Vec<Command> {
    let mut commands = Vec::new();
    plan_storage(&mut commands, Area::Local, wipe.local_storage);
    plan_storage(&mut commands, Area::Session, wipe.session_storage);

    let names = match wipe.cookies {
        Selection::Nothing => Vec::new(),
        Selection::Names(names) => names,
        Selection::Everything => visible_names(page.cookies),
    };
    if !names.is_empty() {
        let scopes = scopes(page);
        for name in names {
            let writes = expiring_writes(&name, &scopes);
            commands.push(Command::ExpireCookie { name, writes });
        }
    }
    commands
}

/// Is a cookie of this name in `jar`, a value of `document.cookie`?
#[must_use]
pub fn is_readable(jar: &str, name: &CookieName) -> bool {
    jar_names(jar).any(|visible| visible == name.0)
}

/// A cookie name that cannot carry attributes into a cookie string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookieName(String);

impl CookieName {
    /// Checks a name by the rules that browsers store cookies by (RFC 6265bis section 5.6); `None` means that no cookie can
    /// have it: it is longer than [`MAX_COOKIE_NAME`], contains `;`, `=` or a control character, or begins or ends with
    /// white space. The empty name is possible: `document.cookie = "x"` makes such a cookie.
    #[must_use]
    pub fn new(name: &str) -> Option<Self> {
        let bytes = name.as_bytes();
        let is_possible = bytes.len() <= MAX_COOKIE_NAME
            && !bytes.iter().any(|&byte| byte == b'=' || ends_attribute(byte))
            && ![bytes.first(), bytes.last()].into_iter().flatten().any(|&end| end == b' ' || end == b'\t');
        is_possible.then(|| Self(name.into()))
    }

    /// The name as the browser spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    // Browsers compare the prefixes without case (RFC 6265bis section 4.1.3).
    fn has_prefix(&self, prefix: &str) -> bool {
        self.0.as_bytes().get(..prefix.len()).is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
    }
}

/// A part of a cookie's identity other than its name.
struct Scope {
    attributes: String,
    /// Root path and no domain, as `__Host-` demands.
    is_host: bool,
    is_secure: bool,
}

// The second reaches cookies from inside a frame of another site, where a write without `SameSite=None` is ignored; the third
// reaches partitioned ones (CHIPS). The first is tried everywhere: on `http://localhost` Safari ignores `Secure`.
const SECURITIES: [&str; 3] = ["", "; Secure; SameSite=None", "; Secure; SameSite=None; Partitioned"];

fn scopes(page: Page<'_>) -> Vec<Scope> {
    let domains = domains(page.host);
    let mut scopes = Vec::new();
    for path in paths(page.path) {
        for domain in &domains {
            for security in SECURITIES {
                let is_secure = !security.is_empty();
                if is_secure && !page.secure {
                    continue;
                }
                let domain_attribute = if domain.is_empty() { "" } else { "; Domain=" };
                scopes.push(Scope {
                    attributes: join(&["; Path=", path, domain_attribute, domain, security]),
                    is_host: path == "/" && domain.is_empty(),
                    is_secure,
                });
            }
        }
    }
    scopes
}

// A write that breaks its name's promise is ignored (RFC 6265bis section 4.1.3), so it is left out.
fn expiring_writes(name: &CookieName, scopes: &[Scope]) -> Vec<String> {
    let host_prefix = name.has_prefix("__Host-");
    let secure_prefix = host_prefix || name.has_prefix("__Secure-");
    let mut writes = Vec::new();
    for scope in scopes {
        if (scope.is_host || !host_prefix) && (scope.is_secure || !secure_prefix) {
            // The value is not empty: a cookie with neither name nor value is ignored (section 5.6), and the nameless one
            // must go too.
            writes.push(join(&[name.as_str(), "=x; Max-Age=0", &scope.attributes]));
        }
    }
    writes
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
    let end = path.bytes().position(ends_attribute).unwrap_or(path.len());
    let mut paths = Vec::from(["/"]);
    for (at, byte) in path.bytes().enumerate().take(end).skip(1) {
        if byte == b'/' && paths.len() < 2 * MAX_FOLDERS {
            for folder in [path.get(..at), path.get(..=at)].into_iter().flatten() {
                // After an empty segment it is there already.
                if !paths.contains(&folder) {
                    paths.push(folder);
                }
            }
        }
    }
    // The page itself, unless it is a folder and there already.
    paths.extend(path.get(..end).filter(|page| page.as_bytes().first() == Some(&b'/') && !paths.contains(page)));
    paths
}

// Bytes and not characters below and above: every byte that matters is ASCII, and the browser's module stays smaller.
fn ends_attribute(byte: u8) -> bool {
    byte == b';' || (byte.is_ascii_control() && byte != b'\t')
}

fn join(parts: &[&str]) -> String {
    let mut joined = String::new();
    for part in parts {
        joined.push_str(part);
    }
    joined
}

fn visible_names(jar: &str) -> Vec<CookieName> {
    let mut names: Vec<CookieName> = Vec::new();
    for name in jar_names(jar).filter_map(CookieName::new) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

// `document.cookie` is `name=value` pairs with `; ` between them; a nameless cookie is its value alone.
fn jar_names(jar: &str) -> impl Iterator<Item = &str> {
    let pairs = jar.split(';').map(|pair| pair.strip_prefix(' ').unwrap_or(pair)).filter(|pair| !pair.is_empty());
    pairs.map(|pair| pair.split_once('=').map_or("", |(name, _)| name))
}

fn plan_storage(commands: &mut Vec<Command>, area: Area, selection: Selection<String>) {
    match selection {
        Selection::Nothing => {}
        Selection::Names(keys) => commands.extend(keys.into_iter().map(|key| Command::RemoveItem { area, key })),
        Selection::Everything => commands.push(Command::Clear { area }),
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const PAGE: Page<'_> = Page { host: "app.example.com", path: "/account/me", secure: true, cookies: "" };

    fn name(name: &str) -> CookieName {
        CookieName::new(name).unwrap()
    }

    fn writes(cookie: &str, page: Page<'_>) -> Vec<String> {
        let wipe = Wipe { cookies: Selection::Names(vec![name(cookie)]), ..Wipe::default() };
        match plan(wipe, page).pop() {
            Some(Command::ExpireCookie { writes, .. }) => writes,
            other => panic!("{other:?}"),
        }
    }

    fn contains(writes: &[String], write: &str) -> bool {
        writes.iter().any(|other| other == write)
    }

    #[test]
    fn nothing_is_touched_unasked() {
        assert_eq!(plan(Wipe::default(), Page { cookies: "token=1", ..PAGE }), []);
    }

    #[test]
    fn lists_storage_by_name_or_as_a_whole() {
        let wipe = Wipe {
            local_storage: Selection::Names(vec!["token".into(), "user".into()]),
            session_storage: Selection::Everything,
            ..Wipe::default()
        };
        assert_eq!(
            plan(wipe, PAGE),
            [
                Command::RemoveItem { area: Area::Local, key: "token".into() },
                Command::RemoveItem { area: Area::Local, key: "user".into() },
                Command::Clear { area: Area::Session },
            ]
        );
    }

    #[test]
    fn an_empty_list_is_not_everything() {
        let wipe = Wipe {
            cookies: Selection::Names(vec![]),
            local_storage: Selection::Names(vec![]),
            session_storage: Selection::Names(vec![]),
        };
        assert_eq!(plan(wipe, Page { cookies: "token=1", ..PAGE }), []);
    }

    #[test]
    fn every_visible_cookie_is_found_once() {
        let jar = "token=a=b; theme=; token=other; nameless; =also nameless; \u{e9}t\u{e9}=1";
        let wipe = Wipe { cookies: Selection::Everything, ..Wipe::default() };
        let found: Vec<_> = plan(wipe, Page { cookies: jar, ..PAGE })
            .into_iter()
            .map(|command| match command {
                Command::ExpireCookie { name, .. } => name,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(found, ["token", "theme", "", "\u{e9}t\u{e9}"].map(name));
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
        let page = Page { secure: false, path: "/", host: "localhost", ..PAGE };
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
            let writes = writes("token", Page { host, path: "/", secure: false, ..PAGE });
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
    fn no_name_can_carry_an_attribute() {
        for bad in ["a;b", "a; Domain=evil.example", "a=b", "a\r\nb", "a\0", "a\u{7f}", " a", "a\t", &"a".repeat(4097)]
        {
            assert_eq!(CookieName::new(bad), None, "{bad:?}");
        }
        for good in ["", "token", "__Host-token", "a b", "a\tb", "\u{e9}t\u{e9}", "\"quoted\"", &"a".repeat(4096)] {
            assert!(CookieName::new(good).is_some(), "{good:?}");
        }
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
        assert_eq!(paths("//a"), ["/", "//", "//a"]);
        assert_eq!(paths("/a///b"), ["/", "/a", "/a/", "/a//", "/a///", "/a///b"]);
        assert_eq!(paths("/a/"), ["/", "/a", "/a/"]);
        assert_eq!(paths("/\u{e9}/b"), ["/", "/\u{e9}", "/\u{e9}/", "/\u{e9}/b"]);
    }

    #[test]
    fn reads_a_jar_by_whole_names() {
        let jar = "token2=1; xtoken=2; a=token; =nameless";
        assert!(!is_readable(jar, &name("token")));
        assert!(is_readable(jar, &name("xtoken")));
        assert!(is_readable(jar, &name("")));
        assert!(!is_readable("", &name("")));
    }
}
