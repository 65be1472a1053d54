use std::time::Duration;

use quash_core::Algorithm;

/// Where an issuer publishes its keys, and what is accepted from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct KeySource {
    pub(crate) location: Location,
    /// What its keys may be for, HMAC never among them.
    pub(crate) algorithms: Vec<Algorithm>,
    /// How long keys serve after they should have been read again, while their issuer cannot be reached.
    pub(crate) max_stale: Duration,
}

/// How to find a JWK Set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Location {
    /// It is there.
    JwkSet(String),
    /// A document there says where, in `jwks_uri` (OpenID Connect Discovery 1.0 section 3, RFC 8414 section 2), and is
    /// about `issuer`.
    Metadata { url: String, issuer: String },
}

/// Whether keys may be read from `url`: whoever can change them on their way can sign tokens, so by https, or without leaving the
/// machine.
pub(crate) fn may_be_read_from(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let local = |host: &str| host == "localhost" || host == "127.0.0.1" || host == "[::1]";
    let host = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|b| b.is_ascii_digit()));
    let host = host.map_or(authority, |(host, _)| host);
    let plain = !authority.is_empty() && !authority.contains(['@', '\\']) && !url.contains(char::is_whitespace);
    plain && (scheme == "https" || scheme == "http" && local(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_by_https_or_from_this_machine() {
        for url in [
            "https://a.example/jwks",
            "https://a.example:8443",
            "http://127.0.0.1:80/k",
            "http://[::1]:1/",
            "http://localhost",
        ] {
            assert!(may_be_read_from(url), "{url}");
        }
        for url in [
            "http://a.example/jwks",
            "http://localhost.a.example/",
            "http://localhost@a.example/",
            "https://user@a.example/",
            "https:///jwks",
            "https:a.example",
            "ftp://localhost/",
            "https://a.example/ jwks",
            "http://a.example\\@localhost/",
        ] {
            assert!(!may_be_read_from(url), "{url}");
        }
    }
}
