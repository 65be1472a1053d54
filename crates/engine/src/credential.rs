use std::iter;

use memchr::memchr;

use crate::{cookie, error::Error};

/// Where a request carried a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The `Authorization` header.
    Header,
    /// A cookie.
    Cookie,
    /// The form's field `token`.
    Form,
}

impl Source {
    /// Its name, as in receipts.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Form => "form",
        }
    }
}

/// A token as text, and where it was.
#[derive(Clone, Copy)]
pub struct Credential<'h> {
    /// Where it was.
    pub source: Source,
    /// The text.
    pub token: &'h str,
}

/// The credentials in a request's `Authorization` and `Cookie` headers.
pub fn credentials<'h>(
    authorization: Option<&'h str>,
    cookie: Option<&'h str>,
    cookie_names: &[String],
) -> impl Iterator<Item = Credential<'h>> {
    let header = authorization.into_iter().flat_map(bearer_tokens);
    let cookies = cookie.into_iter().flat_map(|header| cookie::values(header, cookie_names));
    header
        .map(|token| Credential { source: Source::Header, token })
        .chain(cookies.map(|token| Credential { source: Source::Cookie, token }))
}

/// The one credential that a guarded request may carry (RFC 6750 section 2: "Clients MUST NOT use more than one method").
///
/// # Errors
/// [`Error::TokenAmbiguous`].
pub(crate) fn one<'h>(mut credentials: impl Iterator<Item = Credential<'h>>) -> Result<Option<Credential<'h>>, Error> {
    match (credentials.next(), credentials.next()) {
        (_, Some(_)) => Err(Error::TokenAmbiguous),
        (credential, None) => Ok(credential),
    }
}

/// The tokens of `Bearer` credentials. Several `Authorization` headers arrive joined by commas, which no token contains.
fn bearer_tokens(header: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(header);
    let credentials = move || {
        let all = rest?;
        let end = memchr(b',', all.as_bytes());
        rest = end.map(|end| &all[end + 1..]);
        Some(&all[..end.unwrap_or(all.len())])
    };
    iter::from_fn(credentials).filter_map(|credentials| {
        let credentials = credentials.trim_matches([' ', '\t']);
        let (scheme, token) = credentials.split_at_checked("bearer".len())?;
        let is_bearer = scheme.eq_ignore_ascii_case("bearer") && token.starts_with(' ');
        is_bearer.then(|| token.trim_start_matches(' '))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(authorization: Option<&str>, cookie: Option<&str>) -> Result<(Source, String), &'static str> {
        let names = ["session".into()];
        let found = one(credentials(authorization, cookie, &names)).map_err(|error| error.code())?;
        found.map(|credential| (credential.source, credential.token.into())).ok_or("none")
    }

    #[test]
    fn finds_the_one_credential() {
        assert_eq!(found(Some("Bearer a.b.c"), None), Ok((Source::Header, "a.b.c".into())));
        assert_eq!(found(Some("bearer  a.b.c "), Some("theme=dark")), Ok((Source::Header, "a.b.c".into())));
        assert_eq!(found(None, Some("theme=dark; session=a.b.c")), Ok((Source::Cookie, "a.b.c".into())));
        assert_eq!(found(Some("Basic dTpw"), Some("session=a.b.c")), Ok((Source::Cookie, "a.b.c".into())));
    }

    #[test]
    fn none_is_none_and_two_are_ambiguous() {
        for authorization in [None, Some(""), Some("Bearer"), Some("Basic dTpw"), Some("Bearerx a.b.c")] {
            assert_eq!(found(authorization, None), Err("none"), "{authorization:?}");
        }
        for (authorization, cookie) in [
            (Some("Bearer a.b.c"), Some("session=a.b.c")),
            (Some("Bearer a.b.c, Bearer d.e.f"), None),
            (Some("Bearer a.b.c,\tbearer d.e.f"), None),
            (Some("Basic dTpw,Bearer a.b.c,Bearer d.e.f"), None),
            (None, Some("session=a.b.c; session=d.e.f")),
        ] {
            assert_eq!(found(authorization, cookie), Err("token_ambiguous"), "{authorization:?} {cookie:?}");
        }
    }
}
