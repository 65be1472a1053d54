use quash_engine::{Credential, Error, Source, config::Routes, credentials};
use worker::Request;

use crate::{
    cross_site::{self, Provenance},
    form::Form,
    request::{AsRequest, own_origin, post_only},
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
        let (authorization, cookie) = (request.header("Authorization"), request.header("Cookie"));
        let mut presented = credentials(authorization.as_deref(), cookie.as_deref(), &routes.token_cookies);
        let (fetch_site, origin) = (request.header("Sec-Fetch-Site"), request.header("Origin"));
        let provenance = Provenance {
            fetch_site: fetch_site.as_deref(),
            origin: origin.as_deref(),
            own_origin: &own_origin(request)?,
            has_cookie: presented.any(|credential| credential.source != Source::Header),
        };
        drop(presented);
        cross_site::check(&provenance, &routes.allowed_origins)?;
        Ok(Self { form: Form::read(request).await?, authorization, cookie })
    }

    /// Every token, wherever it is.
    pub(crate) fn tokens(&self, routes: &Routes) -> Result<Vec<Credential<'_>>, Error> {
        let (authorization, cookie) = (self.authorization.as_deref(), self.cookie.as_deref());
        let mut tokens: Vec<_> = credentials(authorization, cookie, &routes.token_cookies).collect();
        tokens.extend(self.form.field("token")?.map(|token| Credential { source: Source::Form, token }));
        Ok(tokens)
    }

    /// A field of the form.
    pub(crate) fn field(&self, name: &'static str) -> Result<Option<&str>, Error> {
        self.form.field(name)
    }
}
