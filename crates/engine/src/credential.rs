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
    let mut credentials = Vec::new();
    for_each(authorization, cookie, cookie_names, &mut |credential| credentials.push(credential));
    credentials.into_iter()
}

/// The one credential that a guarded request may carry (RFC 6750 section 2: "Clients MUST NOT use more than one method").
///
/// # Errors
/// [`Error::TokenAmbiguous`].
pub(crate) fn one<'h>(
    authorization: Option<&'h str>,
    cookie: Option<&'h str>,
    cookie_names: &[String],
) -> Result<Option<Credential<'h>>, Error> {
    let (mut one, mut is_ambiguous) = (None, false);
    for_each(authorization, cookie, cookie_names, &mut |credential| {
        is_ambiguous |= one.replace(credential).is_some();
    });
    if is_ambiguous { Err(Error::TokenAmbiguous) } else { Ok(one) }
}

fn for_each<'h>(
    authorization: Option<&'h str>,
    cookie: Option<&'h str>,
    cookie_names: &[String],
    found: &mut dyn FnMut(Credential<'h>),
) {
    // Several `Authorization` headers arrive joined by commas, which no token contains.
    let mut rest = authorization;
    while let Some(all) = rest {
        let end = memchr(b',', all.as_bytes());
        let (credentials, behind) = all.split_at_checked(end.unwrap_or(all.len())).unwrap_or_default();
        rest = end.and_then(|_| behind.get(1..));
        if let Some(token) = bearer_token(credentials) {
            found(Credential { source: Source::Header, token });
        }
    }
    for token in cookie::values(cookie.unwrap_or_default(), cookie_names) {
        found(Credential { source: Source::Cookie, token });
    }
}

/// The token of `Bearer` credentials (RFC 6750 section 2.1).
pub fn bearer_token(credentials: &str) -> Option<&str> {
    let credentials = credentials.trim_matches([' ', '\t']);
    let (scheme, token) = credentials.split_at_checked("bearer".len())?;
    let is_bearer = scheme.eq_ignore_ascii_case("bearer") && token.starts_with(' ');
    is_bearer.then(|| token.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(authorization: Option<&str>, cookie: Option<&str>) -> Result<(Source, String), &'static str> {
        let names = ["session".into()];
        let found = one(authorization, cookie, &names).map_err(|error| error.code())?;
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
