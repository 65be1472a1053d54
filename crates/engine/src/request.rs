use std::sync::Arc;

use memchr::memchr;

use crate::{
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
    /// `/healthz`
    Health,
}

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
        let path = path(head.url).ok_or(Error::PathAmbiguous)?;
        if head.is_preflight {
            return Ok(Access::Preflight);
        }
        if self.routes.public.iter().any(|public| public.matches(path)) {
            return Ok(Access::Public);
        }
        let policy = self.policy(head)?;
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
        match path(url)?.strip_prefix(self.routes.prefix.as_deref()?)? {
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
    /// [`Error::PathAmbiguous`] for a URL whose path is not to be found; and where there are routes with policies of their own, and an
    /// origin might take the path for that of another one.
    pub fn policy(&self, head: &Head<'_>) -> Result<Arc<Policy>, Error> {
        let path = path(head.url).ok_or(Error::PathAmbiguous)?;
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
}
