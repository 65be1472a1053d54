use crate::error::Error;

/// What a request says about the page it comes from. A page cannot forge these headers, only browsers send them, and every
/// browser since 2023 sends both with a POST.
pub struct Provenance<'h> {
    /// `Sec-Fetch-Site`.
    pub fetch_site: Option<&'h str>,
    /// `Origin`.
    pub origin: Option<&'h str>,
    /// The origin that the request was made to, as `https://host`; nothing where that is not known.
    pub own_origin: &'h str,
    /// Whether the browser added a credential by itself: a cookie.
    pub has_cookie: bool,
}

impl Provenance<'_> {
    /// Refuses what a page of another origin has a visitor's browser do: it could log people out, which no token theft is needed
    /// for when a cookie carries the token.
    ///
    /// # Errors
    /// [`Error::CrossSite`].
    pub fn check(&self, allowed_origins: &[String]) -> Result<(), Error> {
        let allowed =
            |origin: &str| origin == self.own_origin || allowed_origins.iter().any(|allowed| allowed == origin);
        let own = match (self.fetch_site, self.origin) {
            (Some("same-origin"), _) => true,
            // `null` is the origin of a sandboxed frame: nobody's, so not ours.
            (_, Some(origin)) => allowed(origin),
            // A link or the address bar ("none") does not POST; other sites do not get this far without an `Origin`.
            (Some(_), None) => false,
            // Not a browser of this decade. Without a cookie the caller holds the token itself, and needs no browser's help.
            (None, None) => !self.has_cookie,
        };
        own.then_some(()).ok_or(Error::CrossSite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_and_allowed_pages_pass() {
        let allowed = ["https://app.example".into()];
        for (fetch_site, origin, has_cookie, passes) in [
            (Some("same-origin"), Some("https://api.example"), true, true),
            (Some("same-origin"), None, true, true),
            (Some("same-site"), Some("https://app.example"), true, true),
            (Some("cross-site"), Some("https://app.example"), true, true),
            (None, Some("https://api.example"), true, true),
            (None, None, false, true),
            (None, None, true, false),
            (Some("none"), None, true, false),
            (Some("cross-site"), None, true, false),
            (Some("cross-site"), Some("https://evil.example"), true, false),
            (Some("cross-site"), Some("https://evil.example"), false, false),
            (Some("same-site"), Some("https://blog.example"), true, false),
            (None, Some("https://evil.example"), true, false),
            (Some("cross-site"), Some("null"), true, false),
        ] {
            let request = Provenance { fetch_site, origin, own_origin: "https://api.example", has_cookie };
            assert_eq!(request.check(&allowed).is_ok(), passes, "{fetch_site:?} {origin:?} {has_cookie}");
        }
    }
}
