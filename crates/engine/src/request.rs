use std::sync::Arc;

use memchr::memchr;

use crate::{
    config::{Routes, Signals, StatusIssuer},
    credential::{self, Credential},
    engine::Engine,
    error::Error,
    path::is_ambiguous,
    policy::Policy,
    revocations::Revocations,
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
    /// Whoever stands behind the guard, on these terms.
    Origin(Access<'h>),
}

/// On what terms a request may reach whoever stands behind the guard.
pub enum Access<'h> {
    /// Whoever sends it.
    Public,
    /// Without any credential: a browser asks what a page may send, and sends none.
    Preflight,
    /// On those of a policy, with this credential or, where that is optional, none.
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
    /// `/backchannel-logout`
    BackchannelLogout,
    /// `/events`
    Events,
    /// `/global-token-revocation`
    GlobalTokenRevocation,
    /// `/token`, where refresh tokens are exchanged here.
    Token,
    /// `/introspect`
    Introspect,
    /// `/verify`, of which only what guards knows the answer.
    Verify,
    /// `/healthz`
    Health,
    /// `/.well-known/oauth-authorization-server`
    Metadata,
    /// `/jwks.json`, where there are keys of ours to publish.
    Keys,
    /// What is below `/status-lists/`, where there are lists to publish.
    StatusList,
    /// What is below `/admin/`: see [`AdminRoute`](crate::admin::AdminRoute).
    Admin,
}

impl Endpoint {
    /// Its name, as an operator reads it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Handle => "handle",
            Self::Revoke => "revoke",
            Self::BackchannelLogout => "backchannel-logout",
            Self::Events => "events",
            Self::GlobalTokenRevocation => "global-token-revocation",
            Self::Introspect => "introspect",
            Self::Verify => "verify",
            Self::Health => "healthz",
            Self::Metadata => "metadata",
            Self::Token => "token",
            Self::Keys => "jwks.json",
            Self::StatusList => "status-lists",
            Self::Admin => "admin",
        }
    }
}

impl Routes {
    /// An endpoint for servers, if the configuration has anybody who may use it. If not, its path is the origin's as any other is,
    /// and guarded like one.
    fn answered(&self, endpoint: Endpoint) -> Option<Endpoint> {
        let signals = |may: fn(&Signals) -> bool| self.signals.iter().any(may);
        let is_used = match endpoint {
            // Whatever they may do: who may not is told so.
            Endpoint::Revoke | Endpoint::Introspect | Endpoint::Admin => !self.clients.is_empty(),
            Endpoint::Token => !self.refresh.is_empty(),
            Endpoint::Keys => self.server.as_ref().is_some_and(|server| !server.signing_keys.is_empty()),
            Endpoint::StatusList => !self.status_issuers.is_empty(),
            Endpoint::BackchannelLogout => signals(|issuer| !issuer.logout_audiences.is_empty()),
            Endpoint::Events => signals(|issuer| !issuer.event_audiences.is_empty()),
            Endpoint::GlobalTokenRevocation => {
                signals(|issuer| !issuer.revocation_audiences.is_empty() || !issuer.revocation_clients.is_empty())
            }
            _ => true,
        };
        is_used.then_some(endpoint)
    }
}

/// Where clients look for what a server does (RFC 8414 section 3).
const METADATA: &str = "/.well-known/oauth-authorization-server";

/// Before the number of a list, below the prefix.
const STATUS_LISTS: &str = "/status-lists/";

/// The endpoint's path below the prefix.
const VERIFY: &str = "/verify";

impl<R: Revocations> Engine<R> {
    /// Tells who a request is for. What is guarded has to be [judged](Self::judge) next.
    ///
    /// # Errors
    /// [`Error::TokenMissing`], [`Error::TokenAmbiguous`] or [`Error::PathAmbiguous`].
    pub fn route<'h>(&self, head: &Head<'h>) -> Result<Route<'h>, Error> {
        match self.endpoint(head.url) {
            Some(endpoint) => Ok(Route::Endpoint(endpoint)),
            None => Ok(Route::Origin(self.access(head)?)),
        }
    }

    /// Tells on what terms a request may pass that is not for us. What is guarded has to be [judged](Self::judge) next.
    ///
    /// # Errors
    /// As [`route`](Self::route).
    pub fn access<'h>(&self, head: &Head<'h>) -> Result<Access<'h>, Error> {
        self.access_to(path(head.url).ok_or(Error::PathAmbiguous)?, head)
    }

    /// Tells the same of a request that a proxy has and asks about: its URL is what the proxy says of it, and it is for whatever stands
    /// behind the proxy.
    ///
    /// # Errors
    /// The same; [`Error::PathAmbiguous`] as well where the proxy tells none.
    pub fn access_forwarded<'h>(&self, head: &Head<'h>) -> Result<Access<'h>, Error> {
        self.access_to(self.forwarded_path(head.url).ok_or(Error::PathAmbiguous)?, head)
    }

    /// Tells the same of a token in an `Authorization` header, on no particular path.
    ///
    /// # Errors
    /// [`Error::TokenMissing`] or [`Error::TokenAmbiguous`].
    pub fn access_of_token<'h>(&self, head: &Head<'h>) -> Result<Access<'h>, Error> {
        let policy = self.policies.otherwise.clone();
        Ok(Access::Guarded(self.credential(head, &policy)?, policy))
    }

    fn forwarded_path<'u>(&self, uri: &'u str) -> Option<&'u str> {
        let Routes { prefix, verify, .. } = &*self.routes;
        if verify.as_ref()?.uri.is_empty() {
            let behind = path(uri)?.strip_prefix(prefix.as_deref()?)?.strip_prefix(VERIFY)?;
            return behind.starts_with('/').then_some(behind);
        }
        if uri.starts_with('/') {
            return uri.get(..length(uri, |byte| !matches!(byte, b'?' | b'#')));
        }
        (uri.starts_with("https://") || uri.starts_with("http://")).then(|| path(uri)).flatten()
    }

    fn access_to<'h>(&self, path: &str, head: &Head<'h>) -> Result<Access<'h>, Error> {
        if head.is_preflight {
            return Ok(Access::Preflight);
        }
        if self.routes.public.iter().any(|public| public.matches(path)) {
            return Ok(Access::Public);
        }
        let policy = self.policy_of(path)?;
        Ok(Access::Guarded(self.credential(head, &policy)?, policy))
    }

    /// The same on the terms of `policy`, whatever the configuration has for the path: none is public then.
    ///
    /// # Errors
    /// [`Error::TokenMissing`] or [`Error::TokenAmbiguous`].
    pub fn access_by<'h>(&self, head: &Head<'h>, policy: &Arc<Policy>) -> Result<Access<'h>, Error> {
        if head.is_preflight {
            return Ok(Access::Preflight);
        }
        Ok(Access::Guarded(self.credential(head, policy)?, policy.clone()))
    }

    /// Which of ours a URL is, if it is one.
    pub fn endpoint(&self, url: &str) -> Option<Endpoint> {
        let (path, Routes { prefix, verify, server, .. }) = (path(url)?, &*self.routes);
        if path == METADATA && server.as_ref().is_some_and(|server| server.metadata) {
            return Some(Endpoint::Metadata);
        }
        match path.strip_prefix(prefix.as_deref()?)? {
            "/logout" => Some(Endpoint::Logout),
            "/handle" => Some(Endpoint::Handle),
            "/healthz" => Some(Endpoint::Health),
            "/token" => self.routes.answered(Endpoint::Token),
            "/jwks.json" => self.routes.answered(Endpoint::Keys),
            "/revoke" => self.routes.answered(Endpoint::Revoke),
            "/introspect" => self.routes.answered(Endpoint::Introspect),
            "/backchannel-logout" => self.routes.answered(Endpoint::BackchannelLogout),
            "/events" => self.routes.answered(Endpoint::Events),
            "/global-token-revocation" => self.routes.answered(Endpoint::GlobalTokenRevocation),
            path if path.starts_with(STATUS_LISTS) => self.routes.answered(Endpoint::StatusList),
            path if path.starts_with("/admin/") => self.routes.answered(Endpoint::Admin),
            path => {
                let behind = path.strip_prefix(VERIFY)?;
                let is_asked = verify.as_ref()?.uri.is_empty() && behind.starts_with('/') || behind.is_empty();
                is_asked.then_some(Endpoint::Verify)
            }
        }
    }

    /// The number in a URL that is a list's, as it stands there.
    pub fn status_list_number<'u>(&self, url: &'u str) -> Option<&'u str> {
        self.below_prefix(url)?.0.strip_prefix(STATUS_LISTS)
    }

    /// The numbers of the lists that we publish.
    pub fn status_lists(&self) -> Vec<u64> {
        self.routes.status_issuers.iter().flat_map(StatusIssuer::numbers).collect()
    }

    /// The path below the prefix of a URL that is one of ours, and its query.
    pub fn below_prefix<'u>(&self, url: &'u str) -> Option<(&'u str, &'u str)> {
        let below = path(url)?.strip_prefix(self.routes.prefix.as_deref()?)?;
        let query = url.split_once('?').map_or("", |(_, query)| query);
        Some((below, query.split('#').next().unwrap_or_default()))
    }

    /// The policy that the configuration has for a request.
    ///
    /// # Errors
    /// [`Error::PathAmbiguous`] for a URL whose path is not to be found; and where there are routes with policies of their own, and an
    /// origin might take the path for that of another one.
    pub fn policy(&self, head: &Head<'_>) -> Result<Arc<Policy>, Error> {
        self.policy_of(path(head.url).ok_or(Error::PathAmbiguous)?)
    }

    fn policy_of(&self, path: &str) -> Result<Arc<Policy>, Error> {
        let policies = &self.policies;
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
        let cookies = &self.routes.token_cookies;
        match credential::one(head.authorization, head.cookie, cookies)? {
            None if !policy.is_optional() => Err(Error::TokenMissing),
            credential => Ok(credential),
        }
    }
}

/// The path of a URL, as it came: what is between the host, which may have been the client's word, and the query.
///
/// `None` where there is no host, or something else than a slash ends it, which no path that was asked for begins with: it came in the
/// client's word for a host, as in `Host: a.example?`. To whoever parses the URL the path is `/` then (URL section 4.4), and to routers that
/// look for the first slash it is what was asked for.
fn path(url: &str) -> Option<&str> {
    let behind_scheme = behind(url, memchr(b':', url.as_bytes())? + "://".len());
    let host = length(behind_scheme, |byte| !matches!(byte, b'/' | b'\\' | b'?' | b'#'));
    let rest = behind(behind_scheme, host);
    if host == 0 || !rest.starts_with('/') {
        return None;
    }
    rest.get(..length(rest, |byte| !matches!(byte, b'?' | b'#')))
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
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn finds_the_path() {
        for (url, expected) in [
            ("https://a.example/", Some("/")),
            ("https://a.example/api/x?y=/z", Some("/api/x")),
            ("http://a.example:80/a//b?", Some("/a//b")),
            ("https://a.example/a#b", Some("/a")),
            ("https://a.example?/public/x", None),
            ("https://a.example\\api\\secret?/public/x", None),
            ("https://a.example#/public", None),
            ("https://a.example", None),
            ("https:///api", None),
            ("nonsense", None),
        ] {
            assert_eq!(path(url), expected, "{url}");
        }
    }

    fn engine(verify: &serde_json::Value) -> Engine {
        configured(&serde_json::json!({
            "issuers": [{ "issuer": "a", "max_lifetime": 900, "keys": [{ "alg": "HS256", "secret": "SECRET" }] }],
            "public": ["/", "/public/*"],
            "verify": verify,
        }))
    }

    fn configured(document: &serde_json::Value) -> Engine {
        let secret = |name: &str| match name {
            "JWK" => Some(r#"{"kty":"EC"}"#.into()),
            _ => Some("a-secret-of-thirty-two-bytes-no-less".into()),
        };
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
            ("http://a.example", None),
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
    fn the_openapi_document_has_every_route_and_no_other() {
        let document = include_str!("../../../docs/openapi.json");
        let document: serde_json::Value = serde_json::from_str(document).unwrap();
        let mut documented = BTreeSet::new();
        for (path, item) in document["paths"].as_object().unwrap() {
            let methods = item.as_object().unwrap().keys();
            documented.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
        }
        // As the arms of `endpoint()` and `AdminRoute::of()` have them.
        let below_prefix = |source: &'static str, arm: &'static str| {
            let lines = source.lines().filter_map(move |line| line.trim().split_once(arm)).map(|(path, _)| path);
            lines.filter(|path| path.starts_with('"') || path.starts_with("(\""))
        };
        let arms = [" => Some(Endpoint::", " => self.routes.answered(Endpoint::"];
        let posted = arms.into_iter().flat_map(|arm| below_prefix(include_str!("request.rs"), arm));
        let mut routes: BTreeSet<_> = posted.map(|path| format!("POST /auth{}", path.trim_matches('"'))).collect();
        for path in ["/auth/healthz", "/auth/jwks.json"] {
            assert!(routes.remove(&format!("POST {path}")));
            routes.insert(format!("GET {path}"));
        }
        routes.insert(format!("GET /auth{STATUS_LISTS}{{n}}"));
        routes.extend([format!("GET {METADATA}"), format!("GET /auth{VERIFY}")]);
        for route in below_prefix(include_str!("admin/route.rs"), " => Ok(Self::") {
            let (path, method) = route.trim_matches(['(', ')']).split_once(", ").unwrap();
            routes.insert(format!("{} /auth{}", method.trim_matches('"'), path.trim_matches('"')));
        }
        routes.insert("DELETE /auth/admin/revocations/{id}".into());
        assert!(routes.len() > 12);
        assert_eq!(documented, routes);
        // Where nobody may use them, they are the origin's.
        let key = serde_json::json!({ "kid": "1", "alg": "HS256", "secret": "SECRET" });
        let engine = configured(&serde_json::json!({
            "ledger": {},
            "server": { "url": "https://edge.example", "signing_keys": [{ "kid": "1", "alg": "ES256", "secret": "JWK" }] },
            "issuers": [{
                "issuer": "https://a.example", "max_lifetime": 900, "keys": [key], "logout_audiences": ["a"], "event_audiences": ["a"],
                "revocation_audiences": ["a"], "refresh": { "kid": "1", "alg": "HS256", "secret": "SECRET" },
                "status_issuer": { "alg": "HS256", "secret": "SECRET" },
            }],
            "clients": [{ "id": "a", "secret": "SECRET" }],
            "verify": { "uri": "X-Forwarded-Uri" },
        }));
        for (path, _) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| *path != METADATA) {
            assert!(engine.endpoint(&format!("https://edge.example{path}")).is_some(), "{path}");
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
