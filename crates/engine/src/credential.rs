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
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Header => "header",
            Self::Cookie => "cookie",
            Self::Form => "form",
        }
    }
}

/// A token as text, and where it was.
#[derive(Clone, Copy)]
pub(crate) struct Credential<'h> {
    pub(crate) source: Source,
    pub(crate) token: &'h str,
}

/// The credentials in a request's `Authorization` and `Cookie` headers.
pub(crate) fn all<'h>(
    authorization: Option<&'h str>,
    cookie: Option<&'h str>,
    cookie_names: &[String],
) -> Vec<Credential<'h>> {
    let header = authorization.into_iter().flat_map(bearer_tokens);
    let cookies = cookie.into_iter().flat_map(|header| cookie::values(header, cookie_names));
    header
        .map(|token| Credential { source: Source::Header, token })
        .chain(cookies.map(|token| Credential { source: Source::Cookie, token }))
        .collect()
}

/// The one credential that a guarded request must carry (RFC 6750 section 2: "Clients MUST NOT use more than one method").
pub(crate) fn one<'h>(credentials: &[Credential<'h>]) -> Result<Credential<'h>, Error> {
    match credentials {
        [] => Err(Error::TokenMissing),
        [credential] => Ok(*credential),
        _ => Err(Error::TokenAmbiguous),
    }
}

/// The tokens of `Bearer` credentials. Several `Authorization` headers arrive joined by commas, which no token contains.
fn bearer_tokens(header: &str) -> impl Iterator<Item = &str> {
    header.split(',').filter_map(|credentials| {
        let (scheme, token) = credentials.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(authorization: Option<&str>, cookie: Option<&str>) -> Result<(Source, String), &'static str> {
        let names = ["session".into()];
        one(&all(authorization, cookie, &names))
            .map(|credential| (credential.source, credential.token.into()))
            .map_err(|error| error.code())
    }

    #[test]
    fn finds_the_one_credential() {
        assert_eq!(found(Some("Bearer a.b.c"), None), Ok((Source::Header, "a.b.c".into())));
        assert_eq!(found(Some("bearer  a.b.c "), Some("theme=dark")), Ok((Source::Header, "a.b.c".into())));
        assert_eq!(found(None, Some("theme=dark; session=a.b.c")), Ok((Source::Cookie, "a.b.c".into())));
        assert_eq!(found(Some("Basic dTpw"), Some("session=a.b.c")), Ok((Source::Cookie, "a.b.c".into())));
    }

    #[test]
    fn none_is_missing_and_two_are_ambiguous() {
        for authorization in [None, Some(""), Some("Bearer"), Some("Basic dTpw"), Some("Bearerx a.b.c")] {
            assert_eq!(found(authorization, None), Err("token_missing"), "{authorization:?}");
        }
        for (authorization, cookie) in [
            (Some("Bearer a.b.c"), Some("session=a.b.c")),
            (Some("Bearer a.b.c, Bearer d.e.f"), None),
            (None, Some("session=a.b.c; session=d.e.f")),
        ] {
            assert_eq!(found(authorization, cookie), Err("token_ambiguous"), "{authorization:?} {cookie:?}");
        }
    }
}
