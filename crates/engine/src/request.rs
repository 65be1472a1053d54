use std::sync::Arc;

use memchr::memchr;

use crate::{
    config::Routes,
    credential::{self, Credential},
    engine::Engine,
    error::Error,
    path::is_ambiguous,
    policy::Policy,
};

/// What is looked at of a request.
#[derive(Clone, Copy)]
pub struct Head<'h> {
    /// The whole URL, as the platform has it.
    pub url: &'h str,
    /// Whether a browser asks what another origin's page may send (Fetch section 3.3.2). It asks without any credential.
    pub is_preflight: bool,
    /// The `Authorization` header.
    pub authorization: Option<&'h str>,
    /// The `Cookie` header.
    pub cookie: Option<&'h str>,
}

/// Who a request is for.
pub enum Route<'h> {
    /// Us.
    Endpoint(Endpoint),
    /// The origin, whoever sends it.
    Public,
    /// The origin, without any credential: a browser asks what a page may send, and sends none.
    Preflight,
    /// The origin, on these terms, with this credential or, where that is optional, none.
    Guarded(Option<Credential<'h>>, Arc<Policy>),
}

/// What Quash answers itself, below its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Endpoint {
    /// `/logout`
    Logout,
    /// `/handle`
    Handle,
    /// `/revoke`
    Revoke,
    /// `/introspect`
    Introspect,
    /// `/verify`, of which only what guards knows the answer.
    Verify,
    /// `/healthz`
    Health,
    /// `/.well-known/oauth-authorization-server`
    Metadata,
}

/// Where clients look for what a server does (RFC 8414 section 3).
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// The endpoint's path below the prefix.
const VERIFY: &str = "/verify";

impl Engine {
    /// Tells who a request is for. What is guarded has to be [judged](Self::judge) next.
    ///
    /// # Errors
    /// [`Error::TokenMissing`], [`Error::TokenAmbiguous`] or [`Error::PathAmbiguous`].
    pub fn route<'h>(&self, head: &Head<'h>) -> Result<Route<'h>, Error> {
        if let Some(endpoint) = self.endpoint(head.url) {
            return Ok(Route::Endpoint(endpoint));
        }
        self.route_to(path(head.url), head)
    }

    /// Tells the same of a request that a proxy has and asks about: its URL is what the proxy says of it, and it is for whatever stands
    /// behind the proxy.
    ///
    /// # Errors
    /// The same; [`Error::PathAmbiguous`] as well where the proxy tells none.
    pub fn route_forwarded<'h>(&self, head: &Head<'h>) -> Result<Route<'h>, Error> {
        self.route_to(self.forwarded_path(head.url).ok_or(Error::PathAmbiguous)?, head)
    }

    /// Tells the same of a token in an `Authorization` header, on no particular path.
    ///
    /// # Errors
    /// [`Error::TokenMissing`] or [`Error::TokenAmbiguous`].
    pub fn route_of_token<'h>(&self, head: &Head<'h>) -> Result<Route<'h>, Error> {
        let policy = self.config.policies.otherwise.clone();
        Ok(Route::Guarded(self.credential(head, &policy)?, policy))
    }

    fn forwarded_path<'u>(&self, uri: &'u str) -> Option<&'u str> {
        let Routes { prefix, verify, .. } = &*self.config.routes;
        if verify.as_ref()?.uri.is_empty() {
            return path(uri).strip_prefix(prefix)?.strip_prefix(VERIFY).filter(|path| path.starts_with('/'));
        }
        if uri.starts_with('/') {
            return uri.get(..length(uri, |byte| !matches!(byte, b'?' | b'#')));
        }
        (uri.starts_with("https://") || uri.starts_with("http://")).then(|| path(uri))
    }

    fn route_to<'h>(&self, path: &str, head: &Head<'h>) -> Result<Route<'h>, Error> {
        if head.is_preflight {
            return Ok(Route::Preflight);
        }
        if self.config.routes.public.iter().any(|public| public.matches(path)) {
            return Ok(Route::Public);
        }
        let policy = self.policy_of(path)?;
        Ok(Route::Guarded(self.credential(head, &policy)?, policy))
    }

    /// Which of ours a URL is, if it is one.
    pub fn endpoint(&self, url: &str) -> Option<Endpoint> {
        let (path, Routes { prefix, verify, server, .. }) = (path(url), &*self.config.routes);
        if path == METADATA && server.as_ref().is_some_and(|server| server.metadata) {
            return Some(Endpoint::Metadata);
        }
        match path.strip_prefix(prefix)? {
            "/logout" => Some(Endpoint::Logout),
            "/handle" => Some(Endpoint::Handle),
            "/revoke" => Some(Endpoint::Revoke),
            "/introspect" => Some(Endpoint::Introspect),
            "/healthz" => Some(Endpoint::Health),
            path => {
                let behind = path.strip_prefix(VERIFY)?;
                let is_asked = verify.as_ref()?.uri.is_empty() && behind.starts_with('/') || behind.is_empty();
                is_asked.then_some(Endpoint::Verify)
            }
        }
    }

    /// The policy that the configuration has for a request.
    ///
    /// # Errors
    /// [`Error::PathAmbiguous`] where there are routes with policies of their own, and an origin might take the path for that of
    /// another one.
    pub fn policy(&self, head: &Head<'_>) -> Result<Arc<Policy>, Error> {
        self.policy_of(path(head.url))
    }

    fn policy_of(&self, path: &str) -> Result<Arc<Policy>, Error> {
        let policies = &self.config.policies;
        if !policies.routes.is_empty() && is_ambiguous(path) {
            return Err(Error::PathAmbiguous);
        }
        for (pattern, policy) in &policies.routes {
            if pattern.matches(path) {
                return Ok(policy.clone());
            }
            if pattern.resembles(path) {
                return Err(Error::PathAmbiguous);
            }
        }
        Ok(policies.otherwise.clone())
    }

    /// The one credential of a request.
    ///
    /// # Errors
    /// [`Error::TokenAmbiguous`], and [`Error::TokenMissing`] where the policy wants one.
    pub fn credential<'h>(&self, head: &Head<'h>, policy: &Policy) -> Result<Option<Credential<'h>>, Error> {
        let cookies = &self.config.routes.token_cookies;
        match credential::one(head.authorization, head.cookie, cookies)? {
            None if !policy.is_optional() => Err(Error::TokenMissing),
            credential => Ok(credential),
        }
    }
}

/// The path of a URL, as it came: what is between the host, which may have been the client's word, and the query.
fn path(url: &str) -> &str {
    let host = memchr(b':', url.as_bytes()).map_or("", |colon| behind(url, colon + "://".len()));
    // A backslash is a slash to whoever parses the URL (URL section 4.4), and so ends the host.
    let rest = behind(host, length(host, |byte| !matches!(byte, b'/' | b'\\' | b'?' | b'#')));
    match rest.get(..length(rest, |byte| !matches!(byte, b'?' | b'#'))) {
        None | Some("") => "/",
        Some(path) => path,
    }
}

fn behind(text: &str, start: usize) -> &str {
    text.get(start..).unwrap_or_default()
}

/// How many bytes there are before one that is not `inside`.
fn length(text: &str, inside: fn(u8) -> bool) -> usize {
    text.bytes().take_while(|byte| inside(*byte)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_path() {
        for (url, expected) in [
            ("https://a.example/", "/"),
            ("https://a.example/api/x?y=/z", "/api/x"),
            ("http://a.example:80/a//b?", "/a//b"),
            ("https://a.example/a#b", "/a"),
            ("https://a.example?/public/x", "/"),
            ("https://a.example\\api\\secret?/public/x", "\\api\\secret"),
            ("https://a.example#/public", "/"),
            ("https://a.example", "/"),
            ("nonsense", "/"),
        ] {
            assert_eq!(path(url), expected, "{url}");
        }
    }

    fn engine(verify: &serde_json::Value) -> Engine {
        let document = serde_json::json!({
            "issuers": [{ "issuer": "a", "max_lifetime": 900, "keys": [{ "alg": "HS256", "secret": "SECRET" }] }],
            "public": ["/", "/public/*"],
            "verify": verify,
        });
        let secret = |_: &str| Some("a secret of thirty-two bytes, no less".into());
        let (config, trust) =
            crate::config::Config::parse(&document.to_string(), secret).unwrap_or_else(|error| panic!("{error}"));
        Engine::new(config, trust, 1)
    }

    #[test]
    fn a_proxy_tells_which_path_it_asks_about() {
        let by_header = engine(&serde_json::json!({ "uri": "X-Forwarded-Uri" }));
        for (uri, path) in [
            ("/api/x?y=/z", Some("/api/x")),
            ("/api:8080/x", Some("/api:8080/x")),
            ("/a#b", Some("/a")),
            ("//evil.example/public/", Some("//evil.example/public/")),
            ("https://a.example/api/x?y", Some("/api/x")),
            ("http://a.example", Some("/")),
            ("", None),
            ("*", None),
            ("api", None),
            ("a.example:443", None),
            ("x:///public/a", None),
            ("?/public/", None),
        ] {
            assert_eq!(by_header.forwarded_path(uri), path, "{uri}");
        }
        let by_path = engine(&serde_json::json!({ "uri": "path" }));
        for (url, path) in [
            ("https://edge.example/auth/verify/api/x?y", Some("/api/x")),
            ("https://edge.example/auth/verify/", Some("/")),
            ("https://edge.example/auth/verify//public/a", Some("//public/a")),
            ("https://edge.example/auth/verify", None),
            ("https://edge.example/auth/verifyx", None),
            ("/api", None),
        ] {
            assert_eq!(by_path.forwarded_path(url), path, "{url}");
        }
    }

    #[test]
    fn proxies_ask_where_they_may_and_in_the_way_that_is_configured() {
        let [by_header, by_path] = ["X-Forwarded-Uri", "path"].map(|uri| engine(&serde_json::json!({ "uri": uri })));
        for (url, header, path) in [
            ("https://edge.example/auth/verify?x", true, true),
            ("https://edge.example/auth/verify/api", false, true),
            ("https://edge.example/auth/verifyx", false, false),
            ("https://edge.example/verify", false, false),
        ] {
            let is_asked = |engine: &Engine| engine.endpoint(url) == Some(Endpoint::Verify);
            assert_eq!((is_asked(&by_header), is_asked(&by_path)), (header, path), "{url}");
        }
    }
}
