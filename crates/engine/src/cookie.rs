//! Cookies: reading a request's, setting and expiring a browser's (RFC 6265).

use std::time::Duration;

/// Every value that a `Cookie` header has for one of `names`. A browser sends two cookies of one name when they were set for
/// different paths or domains, so a second one may be an attacker's.
pub(crate) fn values<'h>(header: &'h str, names: &[String]) -> impl Iterator<Item = &'h str> {
    header.split(';').filter_map(move |pair| {
        let (name, value) = pair.split_once('=')?;
        let value = value.trim();
        (names.iter().any(|wanted| wanted == name.trim()) && !value.is_empty()).then_some(value)
    })
}

/// A cookie that we set or expire. All of it is the cookie's identity: an expiry with another path or domain deletes nothing,
/// silently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    pub(crate) name: String,
    pub(crate) path: String,
    pub(crate) domain: Option<String>,
    pub(crate) partitioned: bool,
}

impl Cookie {
    /// Why the cookie cannot be, if so.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        let token = |text: &str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && !br#"()<>@,;:\"/[]?={}"#.contains(&b))
        };
        let attribute = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic() && b != b';');
        if !token(&self.name) {
            Some("a cookie name is made of token characters (RFC 6265 section 4.1.1)")
        } else if !self.path.starts_with('/') || !attribute(&self.path) {
            Some("a cookie path starts with `/` and has no `;`")
        } else if self.domain.as_deref().is_some_and(|domain| !attribute(domain)) {
            Some("a cookie domain is a host name")
        } else if self.name.starts_with("__Host-") && (self.path != "/" || self.domain.is_some()) {
            Some("a `__Host-` cookie has the path `/` and no domain")
        } else {
            None
        }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The `Set-Cookie` value that expires it. `Secure` over https: a `__Secure-` or `__Host-` cookie cannot be expired without it, and
    /// no other minds. Not over http, where Safari ignores a `Secure` cookie, on localhost too.
    pub fn expired(&self, over_https: bool) -> String {
        self.set("", Duration::ZERO, "Lax", over_https)
    }

    /// The `Set-Cookie` value that sets it, to what only our own pages may send.
    pub fn carrying(&self, value: &str, lifetime: Duration, over_https: bool) -> String {
        self.set(value, lifetime, "Strict", over_https)
    }

    fn set(&self, value: &str, lifetime: Duration, same_site: &str, over_https: bool) -> String {
        let domain = self.domain.as_ref().map(|domain| format!("; Domain={domain}")).unwrap_or_default();
        let partitioned = if self.partitioned { "; Partitioned" } else { "" };
        let same_site = if self.partitioned { "None" } else { same_site };
        let secure = if over_https || self.partitioned { "; Secure" } else { "" };
        format!(
            "{}={value}; Path={}{domain}; Max-Age={}; HttpOnly{secure}; SameSite={same_site}{partitioned}",
            self.name,
            self.path,
            lifetime.as_secs()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_every_value_of_a_name() {
        let names = ["session".into(), "alt".into()];
        let values: Vec<_> =
            values("a=1; session=x.y; sessions=no; alt= z ;session=two; session=; junk", &names).collect();
        assert_eq!(values, ["x.y", "z", "two"]);
    }

    #[test]
    fn expires_with_the_cookies_own_identity() {
        let cookie = |name: &str, path: &str, domain: Option<&str>, partitioned| Cookie {
            name: name.into(),
            path: path.into(),
            domain: domain.map(Into::into),
            partitioned,
        };
        let session = cookie("session", "/", None, false);
        assert_eq!(session.expired(true), "session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax");
        assert_eq!(session.expired(false), "session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax");
        assert_eq!(
            cookie("s", "/app", Some("example.com"), true).expired(false),
            "s=; Path=/app; Domain=example.com; Max-Age=0; HttpOnly; Secure; SameSite=None; Partitioned"
        );
        assert_eq!(
            session.carrying("a.b.c", Duration::from_millis(60_999), true),
            "session=a.b.c; Path=/; Max-Age=60; HttpOnly; Secure; SameSite=Strict"
        );
        assert_eq!(session.problem(), None);
        for wrong in [
            cookie("", "/", None, false),
            cookie("a b", "/", None, false),
            cookie("a;b", "/", None, false),
            cookie("a", "app", None, false),
            cookie("a", "/;Domain=x", None, false),
            cookie("a", "/", Some("x; Secure"), false),
            cookie("__Host-a", "/app", None, false),
        ] {
            assert!(wrong.problem().is_some(), "{wrong:?}");
        }
    }
}
