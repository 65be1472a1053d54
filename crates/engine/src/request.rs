use std::sync::Arc;

use memchr::memchr;

use crate::{
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
    /// `/backchannel-logout`
    BackchannelLogout,
    /// `/events`
    Events,
    /// `/global-token-revocation`
    GlobalTokenRevocation,
    /// `/healthz`
    Health,
}

impl Engine {
    /// Tells who a request is for. What is guarded has to be [judged](Self::judge) next.
    ///
    /// # Errors
    /// [`Error::TokenMissing`], [`Error::TokenAmbiguous`] or [`Error::PathAmbiguous`].
    pub fn route<'h>(&self, head: &Head<'h>) -> Result<Route<'h>, Error> {
        if let Some(endpoint) = self.endpoint(head.url) {
            return Ok(Route::Endpoint(endpoint));
        }
        let path = path(head.url);
        if head.is_preflight {
            return Ok(Route::Preflight);
        }
        if self.config.routes.public.iter().any(|public| public.matches(path)) {
            return Ok(Route::Public);
        }
        let policy = self.policy(head)?;
        Ok(Route::Guarded(self.credential(head, &policy)?, policy))
    }

    /// Which of ours a URL is, if it is one.
    pub fn endpoint(&self, url: &str) -> Option<Endpoint> {
        match path(url).strip_prefix(&self.config.routes.prefix)? {
            "/logout" => Some(Endpoint::Logout),
            "/handle" => Some(Endpoint::Handle),
            "/revoke" => Some(Endpoint::Revoke),
            "/backchannel-logout" => Some(Endpoint::BackchannelLogout),
            "/events" => Some(Endpoint::Events),
            "/global-token-revocation" => Some(Endpoint::GlobalTokenRevocation),
            "/healthz" => Some(Endpoint::Health),
            _ => None,
        }
    }

    /// The policy that the configuration has for a request.
    ///
    /// # Errors
    /// [`Error::PathAmbiguous`] where there are routes with policies of their own, and an origin might take the path for that of
    /// another one.
    pub fn policy(&self, head: &Head<'_>) -> Result<Arc<Policy>, Error> {
        let (path, policies) = (path(head.url), &self.config.policies);
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
}
