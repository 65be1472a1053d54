//! What Quash answers itself: each endpoint reads its request here, and has the rest done by the module of its name.

use std::sync::Arc;

use quash_engine::{Access, CODE, Endpoint, Error, Form, Logout, config::Client};
use worker::{Headers, Request, Response};

use crate::{
    Quash, admin, body, client,
    guard::{later, now},
    handle::{self, Minted},
    introspect, logout, metadata, passed_on, presented,
    request::{AsRequest, Copied, is_https, is_read, post_only},
    respond, revoke,
    signal::Signal,
    status_list,
    token::{self, Exchanged},
};

impl Quash {
    /// What Quash answers itself.
    pub(crate) async fn answer(&self, endpoint: Endpoint, request: &mut Request) -> worker::Result<Response> {
        let arrived = now();
        let answer = match endpoint {
            Endpoint::Health if !is_read(request) => respond::refusal(&Error::MethodNotAllowed("GET, HEAD")),
            Endpoint::Health => respond::answer(self.guard.health().await),
            Endpoint::Verify => self.verify(request).await,
            endpoint => self.answer_unguarded(endpoint, request, async |token| self.refusal_of(token).await).await,
        };
        self.observer.tell(endpoint.name(), answer?, arrived)
    }

    /// What whoever comes with this token is answered, if it is not in force.
    async fn refusal_of(&self, token: &str) -> Result<Option<Response>, Error> {
        match self.guard.judge(token, &Arc::default()).await {
            Ok(_) => Ok(None),
            Err(error) => respond::refusal(&error).map(Some).map_err(respond::platform),
        }
    }

    /// Answers a proxy that asks whether a request of its own may pass.
    async fn verify(&self, request: &Request) -> worker::Result<Response> {
        let Some(verify) = &self.routes.verify else { return Response::error("nobody asks here", 404) };
        let copied = Copied::forwarded(request, verify);
        // Alone, or the engine would be held while the request is judged.
        let access = self.guard.engine().access_forwarded(&copied.head());
        let verdict = match access {
            Ok(Access::Guarded(Some(credential), policy)) => self.judge(credential, policy).await.map(Some),
            Ok(_) => Ok(None),
            Err(error) => Err(error),
        };
        match verdict {
            Ok(authorized) => {
                let headers = Headers::new();
                passed_on::tell(&headers, authorized.as_ref())?;
                Ok(Response::empty()?.with_status(200).with_headers(headers))
            }
            Err(error) => respond::refusal_to_proxy(&error),
        }
    }

    /// What takes no guard. A Worker without one does not even have the code of it.
    pub(crate) async fn answer_unguarded(
        &self,
        endpoint: Endpoint,
        request: &mut Request,
        judge: impl AsyncFnOnce(&str) -> Result<Option<Response>, Error>,
    ) -> worker::Result<Response> {
        let origin = request.header("Origin");
        let mut answer = self.answered(endpoint, request, judge).await?;
        // A session that has ended by it is told of: whoever has copied a token must not hide that in a flood.
        let has_ended = answer.headers().get(CODE)?.as_deref() == Some(Error::RefreshTokenReused.code());
        if let (400..500, Some(limiter), false) = (answer.status_code(), &self.limiter, has_ended)
            && let Err(error) = limiter.count(request).await
        {
            answer = match endpoint {
                Endpoint::Admin => respond::problem(&error.into())?,
                _ => respond::refusal(&error)?,
            };
            if matches!(endpoint, Endpoint::Logout | Endpoint::Handle | Endpoint::Token) {
                self.let_read(origin, answer.headers_mut())?;
            }
            if matches!(endpoint, Endpoint::StatusList) {
                answer.headers_mut().set("Access-Control-Allow-Origin", "*")?;
            }
        }
        Ok(answer)
    }

    async fn answered(
        &self,
        endpoint: Endpoint,
        request: &mut Request,
        judge: impl AsyncFnOnce(&str) -> Result<Option<Response>, Error>,
    ) -> worker::Result<Response> {
        let signal = match endpoint {
            Endpoint::Logout => return self.logout(request).await,
            Endpoint::Handle => return self.handle(request).await,
            Endpoint::Admin => return admin::answer(&self.guard, &self.routes, request).await,
            Endpoint::Token => return self.token(request).await,
            Endpoint::Introspect => {
                return self.introspect(request, judge).await.or_else(|error| introspection_refused(request, &error));
            }
            Endpoint::Metadata | Endpoint::Keys if !is_read(request) => {
                return respond::refusal(&Error::MethodNotAllowed("GET, HEAD"));
            }
            Endpoint::Keys => {
                return match &self.routes.server {
                    Some(server) => metadata::keys(server),
                    None => Response::error("nobody looks here", 404),
                };
            }
            Endpoint::Metadata => {
                return match &self.routes.server {
                    Some(server) => {
                        metadata::metadata(server, self.guard.has_ledger(), !self.routes.refresh.is_empty())
                    }
                    None => Response::error("nobody looks here", 404),
                };
            }
            Endpoint::StatusList => {
                let number = self.guard.engine().status_list_number(&request.inner().url()).map(str::to_owned);
                let list = number.and_then(|number| {
                    let (index, lists, number) = self.routes.status_list(&number)?;
                    Some((lists, self.list_signers.get(index)?, number))
                });
                return status_list::answer(&self.guard, list.ok_or(Error::StatusListUnknown), request).await;
            }
            Endpoint::BackchannelLogout => Signal::Logout,
            Endpoint::Events => Signal::Event,
            Endpoint::GlobalTokenRevocation => Signal::Subject,
            _ => return self.revoke(request).await.or_else(|error| respond::refusal(&error)),
        };
        signal.answer(&self.guard, &self.routes, request).await
    }

    async fn logout(&self, request: &mut Request) -> worker::Result<Response> {
        let origin = request.header("Origin");
        let mut response = match self.log_out(request).await {
            Ok((logout, location)) => {
                // Alone, or the engine would be held while the answer is made.
                let bound = self.guard.engine().bound(self.routes.mode);
                let effective_by = bound.map(|bound| later().plus(bound));
                let mut response = respond::answer(logout.receipt(self.routes.mode, effective_by))?;
                if logout.is_of_browser() {
                    self.clear_browser(response.headers_mut(), is_https(request))?;
                }
                match location {
                    None => response,
                    Some(location) => {
                        response.headers_mut().set("Location", &location)?;
                        response.with_status(303)
                    }
                }
            }
            // The cookies stay: the same request has to be sent again, and it needs them.
            Err(error) => respond::refusal(&error)?,
        };
        self.let_read(origin, response.headers_mut())?;
        Ok(response)
    }

    /// What was revoked, and where the browser is to go.
    async fn log_out(&self, request: &mut Request) -> Result<(Logout, Option<String>), Error> {
        let routes = &self.routes;
        let cookies = [&routes.token_cookies[..], &routes.refresh_cookies].concat();
        let presented = presented::read(request, routes, &cookies).await?;
        // Before anything is revoked: a page that asks for a wrong one should not have to find out in production.
        let redirect = routes.redirects.wanted(&presented)?;
        let (logout, issuer) = logout::logout(&self.guard, routes, &presented, now()).await?;
        // A session that goes on here goes on there.
        let issuer = issuer.filter(|_| logout.is_of_browser());
        Ok((logout, redirect.map(|redirect| redirect.location(issuer.as_deref()))))
    }

    async fn handle(&self, request: &mut Request) -> worker::Result<Response> {
        let origin = request.header("Origin");
        let mut response = match self.minted(request).await {
            Ok(minted) => respond::json(200, &minted)?,
            Err(error) => respond::refusal(&error)?,
        };
        self.let_read(origin, response.headers_mut())?;
        Ok(response)
    }

    async fn minted(&self, request: &mut Request) -> Result<Minted, Error> {
        let presented = presented::read(request, &self.routes, &self.routes.token_cookies).await?;
        let scope = handle::Scope::parse(presented.choice("scope")?)?;
        handle::mint(&self.guard, &presented.tokens(&self.routes.token_cookies)?, scope, now()).await
    }

    async fn token(&self, request: &mut Request) -> worker::Result<Response> {
        let origin = request.header("Origin");
        let mut response = match self.exchanged(request).await {
            Ok(Exchanged { answer, cookie }) => {
                let mut response = respond::answer(answer)?;
                if let Some(cookie) = cookie {
                    response.headers_mut().append("Set-Cookie", &cookie)?;
                }
                response
            }
            Err(error) => respond::refused_grant(&error)?,
        };
        self.let_read(origin, response.headers_mut())?;
        Ok(response)
    }

    async fn exchanged(&self, request: &mut Request) -> Result<Exchanged, Error> {
        let over_https = is_https(request);
        let presented = presented::read(request, &self.routes, &self.routes.refresh_cookies).await?;
        token::exchange(&self.guard, &self.routes, &self.signers, &presented, over_https).await
    }

    /// Lets a page of an allowed origin read the answer, errors included.
    fn let_read(&self, origin: Option<String>, headers: &Headers) -> worker::Result<()> {
        if let Some(origin) = origin.filter(|origin| self.routes.allowed_origins.contains(origin)) {
            headers.set("Access-Control-Allow-Origin", &origin)?;
            headers.set("Access-Control-Allow-Credentials", "true")?;
            headers.append("Vary", "Origin")?;
        }
        Ok(())
    }

    /// Has the browser drop what scripts cannot reach, and the rest.
    fn clear_browser(&self, headers: &Headers, over_https: bool) -> worker::Result<()> {
        for cookie in &self.routes.expired_cookies {
            headers.append("Set-Cookie", &cookie.expired(over_https))?;
        }
        match &self.routes.clear_site_data {
            Some(kinds) => headers.set("Clear-Site-Data", kinds),
            None => Ok(()),
        }
    }

    async fn revoke(&self, request: &mut Request) -> Result<Response, Error> {
        let (client, form) = self.authenticated(request).await?;
        revoke::revoke(&self.guard, &self.routes, client, token_of(&form)?, later()).await?;
        // RFC 7009 section 2.2: 200, and nothing to say.
        respond::empty(200).map_err(respond::platform)
    }

    async fn introspect(
        &self,
        request: &mut Request,
        judge: impl AsyncFnOnce(&str) -> Result<Option<Response>, Error>,
    ) -> Result<Response, Error> {
        let (client, form) = self.authenticated(request).await?;
        let is_signed = introspect::is_to_be_signed(request.header("Accept").as_deref(), self.own_signer.is_some())?;
        let answer = match (&self.own_signer, &self.routes.server) {
            (Some(signer), Some(server)) if is_signed => introspect::Form::Signed(signer, &server.url),
            _ => introspect::Form::Json,
        };
        introspect::introspect(client, token_of(&form)?, answer, judge).await
    }

    /// The client that a request of a server's is from, and the form in it.
    async fn authenticated(&self, request: &mut Request) -> Result<(&Client, Form), Error> {
        post_only(request)?;
        let form = body::form(request).await?;
        let authorization = request.header("Authorization");
        let client = client::authenticate(&self.guard, &self.routes.clients, authorization.as_deref(), &form).await?;
        Ok((client, form))
    }
}

/// Of requests for a signed answer "that don't authenticate the caller", RFC 9701 section 5 wants the status 400. Where an `Authorization`
/// header has, and in vain, the status is 401 in any case (RFC 6749 section 5.2).
fn introspection_refused(request: &Request, error: &Error) -> worker::Result<Response> {
    let answer = respond::refusal(error)?;
    let is_anonymous = matches!(error, Error::ClientUnknown) && request.authorization().is_none();
    let is_to_be_signed = introspect::is_to_be_signed(request.header("Accept").as_deref(), true);
    Ok(if is_anonymous && is_to_be_signed.is_ok_and(|is| is) { answer.with_status(400) } else { answer })
}

/// The token that a client asks about (RFC 7009 section 2.1, RFC 7662 section 2.1).
fn token_of(form: &Form) -> Result<&str, Error> {
    form.field("token")?.ok_or(Error::Parameter("token"))
}
