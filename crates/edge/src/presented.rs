use worker::Request;

use crate::{
    config::Routes,
    credential::{self, Credential, Source},
    cross_site::{self, Provenance},
    error::Error,
    form::Form,
    request::{header, post_only},
};

/// What a browser presents to be logged out with, on behalf of a page that may ask for it.
pub(crate) struct Presented {
    authorization: Option<String>,
    cookie: Option<String>,
    form: Form,
}

impl Presented {
    /// Takes a POST from a page of ours, or from no page at all.
    ///
    /// # Errors
    /// Of the caller's: the method, the page, or a body that is no form.
    pub(crate) async fn read(request: &mut Request, routes: &Routes) -> Result<Self, Error> {
        post_only(request)?;
        let (authorization, cookie) = (header(request, "Authorization"), header(request, "Cookie"));
        let presented = credential::all(authorization.as_deref(), cookie.as_deref(), &routes.token_cookies);
        let (fetch_site, origin) = (header(request, "Sec-Fetch-Site"), header(request, "Origin"));
        let provenance = Provenance {
            fetch_site: fetch_site.as_deref(),
            origin: origin.as_deref(),
            own_origin: &request.url()?.origin().ascii_serialization(),
            has_cookie: !presented.iter().all(|credential| credential.source == Source::Header),
        };
        cross_site::check(&provenance, &routes.allowed_origins)?;
        Ok(Self { form: Form::read(request).await?, authorization, cookie })
    }

    /// Every token, wherever it is.
    pub(crate) fn tokens(&self, routes: &Routes) -> Result<Vec<Credential<'_>>, Error> {
        let (authorization, cookie) = (self.authorization.as_deref(), self.cookie.as_deref());
        let mut tokens = credential::all(authorization, cookie, &routes.token_cookies);
        tokens.extend(self.form.field("token")?.map(|token| Credential { source: Source::Form, token }));
        Ok(tokens)
    }

    /// A field of the form.
    pub(crate) fn field(&self, name: &'static str) -> Result<Option<&str>, Error> {
        self.form.field(name)
    }
}
