//! The logout, for browsers.

use std::{
    convert::Infallible,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, Request, Response, StatusCode, header, request::Parts};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use quash_core::{Revocation, Timestamp};
use quash_engine::{Credential, Error, Form, Logout, Presented, Provenance, Scope, Source, TokenKind, credentials};
use tower_service::Service;

use crate::{
    head::{Copied, header as value_of},
    quash::Quash,
    respond,
};

impl Quash {
    /// The logout as a service, for `POST`: `route("/auth/logout", post_service(quash.logout()))` in axum, outside of the guard, since
    /// a token that has expired must not keep its browser from logging out.
    ///
    /// It answers as the edge's [`POST /auth/logout`](https://github.com/quash-dev/quash/blob/main/docs/http.md) does, so the npm
    /// package's `logout()` takes either. It revokes every token that the request presents: in `Authorization: Bearer` (RFC 6750 section
    /// 2.1), in the configured cookies, in the form's field `token` (RFC 7009 section 2.1), and what a handle of the edge's covers,
    /// in the field `handle`; a refresh token in the field `refresh_token` ends its session. `scope` is `token`, `session`, `others` or
    /// `everywhere`.
    ///
    /// A page of another origin is refused, unless it is one of `logout.allowed_origins`: a browser says so in `Sec-Fetch-Site` and
    /// `Origin`.
    ///
    /// - `200`: all is durable, as far as Redis is; the receipt says what became of each token. The cookies of `logout.cookies` are
    ///   expired, and `Clear-Site-Data` is sent, whatever the tokens were like.
    /// - `503`, with `Retry-After`: nothing is acknowledged and the cookies stay, so that the same request can be sent again.
    pub fn logout(&self) -> LogoutService {
        LogoutService { quash: self.clone() }
    }
}

/// Made by [`Quash::logout`].
#[derive(Clone)]
pub struct LogoutService {
    quash: Quash,
}

type BoxError = Box<dyn std::error::Error + Send + Sync>;

impl<B> Service<Request<B>> for LogoutService
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let quash = self.quash.clone();
        Box::pin(async move { Ok(quash.answer_logout(request).await) })
    }
}

impl Quash {
    async fn answer_logout<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body + Send,
        B::Error: Into<BoxError>,
    {
        let (parts, body) = request.into_parts();
        let origin = value_of(&parts.headers, "origin");
        let mut response = match self.log_out(parts, body).await {
            Ok(answer) => answer,
            // The cookies stay: the same request has to be sent again, and it needs them.
            Err(error) => respond::refusal(&error),
        };
        self.let_read(origin, &mut response);
        response
    }

    async fn log_out<B>(&self, parts: Parts, body: B) -> Result<Response<Full<Bytes>>, Error>
    where
        B: Body + Send,
        B::Error: Into<BoxError>,
    {
        let routes = &self.guard.routes;
        if parts.method != Method::POST {
            return Err(Error::MethodNotAllowed("POST"));
        }
        let Copied { authorization, cookie, .. } = Copied::of(&parts);
        let has_cookie = credentials(authorization.as_deref(), cookie.as_deref(), &routes.token_cookies)
            .any(|credential| credential.source != Source::Header);
        check_origin(&parts, has_cookie, &routes.allowed_origins)?;
        let presented = Presented::new(authorization, cookie, read_form(&parts.headers, body).await?);
        let redirect = routes.redirects.wanted(&presented)?;
        let scope = Scope::parse(presented.choice("scope")?)?;

        let now = self.guard.engine()?.1;
        let (mut logout, mut issuer) = (Logout::new(scope, now), None);
        for Credential { source, token } in presented.tokens(&routes.token_cookies)? {
            let kind = TokenKind::Access(source);
            logout.token(kind, self.ended_by(token, kind, scope, now, &mut issuer).await)?;
        }
        if let Some(token) = presented.field("refresh_token")? {
            let kind = TokenKind::Refresh;
            logout.token(kind, self.ended_by(token, kind, scope, now, &mut issuer).await)?;
        }
        if let Some(handle) = presented.field("handle")? {
            logout.handle(handle, self.guard.engine()?.0.peppers())?;
        }
        let revocations = logout.revocations();
        if !revocations.is_empty() {
            self.guard.record(revocations).await?;
        }
        let effective_by = self.effective_by()?;
        let mut response = respond::answer(logout.receipt(routes.mode, effective_by));
        if logout.is_of_browser() {
            self.clear_browser(&parts.headers, &mut response);
        }
        if let Some(redirect) = redirect {
            let issuer = issuer.filter(|_| logout.is_of_browser());
            respond::add(&mut response, header::LOCATION, &redirect.location(issuer.as_deref()));
            *response.status_mut() = StatusCode::SEE_OTHER;
        }
        Ok(response)
    }

    async fn ended_by(
        &self,
        token: &str,
        kind: TokenKind,
        scope: Scope,
        now: Timestamp,
        issuer: &mut Option<String>,
    ) -> Result<Option<Vec<Revocation>>, Error> {
        let token = self.guard.verify(token).await?;
        issuer.get_or_insert_with(|| token.issuer().name.clone());
        let Some(ends) = scope.ends(token, kind, now)? else { return Ok(None) };
        if let Some(token) = &ends.by
            && let Err(refused) = self.guard.check(token).await
        {
            return if ends.has_come(&refused) { Ok(None) } else { Err(refused) };
        }
        Ok(Some(ends.revocations))
    }

    /// From when on what is durable now is refused by all processes, on routes of the mode that the configuration has.
    pub(crate) fn effective_by(&self) -> Result<Option<Timestamp>, Error> {
        let (engine, now) = self.guard.engine()?;
        Ok(engine.bound(self.guard.routes.mode).map(|bound| now.plus(bound)))
    }

    /// Lets a page of an allowed origin read the answer, errors included.
    fn let_read<B>(&self, origin: Option<String>, response: &mut Response<B>) {
        if let Some(origin) = origin.filter(|origin| self.guard.routes.allowed_origins.contains(origin)) {
            respond::add(response, header::ACCESS_CONTROL_ALLOW_ORIGIN, &origin);
            respond::add(response, header::ACCESS_CONTROL_ALLOW_CREDENTIALS, "true");
            respond::add(response, header::VARY, "Origin");
        }
    }

    /// Has the browser drop what scripts cannot reach, and the rest.
    fn clear_browser<B>(&self, asked: &HeaderMap, response: &mut Response<B>) {
        // Who ends TLS in front of this server knows the scheme, and so does the page that asks.
        let over_https = !value_of(asked, "origin").is_some_and(|origin| origin.starts_with("http:"));
        for cookie in &self.guard.routes.expired_cookies {
            respond::add(response, header::SET_COOKIE, &cookie.expired(over_https));
        }
        if let Some(kinds) = &self.guard.routes.clear_site_data {
            respond::add(response, HeaderName::from_static("clear-site-data"), kinds);
        }
    }
}

/// Refuses what a page of another origin asks for. A server is told its host, and not whether there was TLS on the way, so where a
/// browser says no more than `Origin`, the hosts have to be the same.
fn check_origin(parts: &Parts, has_cookie: bool, allowed_origins: &[String]) -> Result<(), Error> {
    let (fetch_site, origin) = (value_of(&parts.headers, "sec-fetch-site"), value_of(&parts.headers, "origin"));
    let host = value_of(&parts.headers, "host").or_else(|| parts.uri.authority().map(ToString::to_string));
    let own_origin = match (&fetch_site, origin.as_deref().and_then(|origin| origin.split_once("://")), host) {
        (None, Some((scheme, _)), Some(host)) => format!("{scheme}://{host}"),
        _ => String::new(),
    };
    Provenance { fetch_site: fetch_site.as_deref(), origin: origin.as_deref(), own_origin: &own_origin, has_cookie }
        .check(allowed_origins)
}

async fn read_form<B>(headers: &HeaderMap, body: B) -> Result<Form, Error>
where
    B: Body + Send,
    B::Error: Into<BoxError>,
{
    let content_type = value_of(headers, "content-type");
    let body = Limited::new(body, Form::MAX_BYTES)
        .collect()
        .await
        .map_err(|error| if error.is::<LengthLimitError>() { Error::BodyTooLarge } else { Error::BodyNotForm })?;
    Form::read(content_type.as_deref(), &body.to_bytes())
}
