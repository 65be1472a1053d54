use std::{cell::RefCell, rc::Rc, sync::Arc};

use js_sys::{JSON, Math, Reflect};
use quash_core::{Revocation, Timestamp};
#[cfg(feature = "tower")]
use quash_engine::Head;
use quash_engine::{
    Access, CODE, Credential, Endpoint, Engine, Error, Form, Logout, Policy, Route, Sender,
    config::{Client, Config, ConfigError, Routes},
};
use worker::{Env, Headers, Request, Response};

use crate::{
    admin,
    authorized::Authorized,
    body, client,
    guard::{Guard, later, now},
    handle::{self, Minted},
    introspect,
    ledger::LedgerClient,
    logout, metadata,
    observer::{GUARDED, Observer},
    origin::Origin,
    passed_on, presented,
    rate_limit::RateLimiter,
    request::{AsRequest, Copied, is_https, is_read, post_only},
    respond, revoke,
    signal::Signal,
    signer::Signer,
    store::Denylist,
    token::{self, Exchanged},
};

/// The variable that holds the configuration.
const VARIABLE: &str = "QUASH";

thread_local! {
    static SHARED: RefCell<Option<Rc<Quash>>> = const { RefCell::new(None) };
}

/// A guard in front of an origin, with the routes that log out, mint handles and revoke. Make one for an isolate and keep it:
/// it remembers what it revoked, and the keys it imported. [`shared`](Self::shared) does that.
pub struct Quash {
    guard: Rc<Guard>,
    routes: Arc<Routes>,
    /// Of each issuer whose refresh tokens are exchanged here.
    signers: Vec<Signer>,
    /// `None` for a Worker that has routes of its own.
    origin: Option<Origin>,
    limiter: Option<RateLimiter>,
    observer: Observer,
}

impl Quash {
    /// Reads the variable `QUASH`, a table of wrangler.toml or a text of JSON, and the secrets and bindings that it names.
    ///
    /// # Errors
    /// [`ConfigError`] names the first field that is wrong.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let variable = |name: &str| Reflect::get(env, &name.into()).ok().filter(|value| !value.is_undefined());
        let missing = |problem| ConfigError { field: VARIABLE.into(), problem };
        let document = variable(VARIABLE).ok_or_else(|| missing("there is no such variable".into()))?;
        let json = match document.as_string() {
            Some(json) => json,
            None => JSON::stringify(&document).map(String::from).map_err(|_| missing("is no JSON".into()))?,
        };
        let (config, trust) = Config::parse(&json, |name| variable(name)?.as_string())?;
        let kv = env.kv(&config.denylist).map_err(|_| {
            let problem = format!("there is no KV namespace bound as `{}`", config.denylist);
            ConfigError::new("denylist", problem)
        })?;
        let ledger = match &config.ledger {
            None => None,
            Some(ledger) => {
                let objects = env.durable_object(&ledger.binding);
                let client = objects.and_then(|objects| LedgerClient::new(objects, ledger, config.denylist.clone()));
                Some(client.map_err(|_| {
                    let problem = format!("there are no Durable Objects bound as `{}`", ledger.binding);
                    ConfigError::new("ledger.binding", problem)
                })?)
            }
        };
        let denylist = Denylist::new(kv, ledger);
        let seed = Math::random().to_bits();
        Ok(Self {
            origin: config.origin.as_ref().map(|origin| Origin::from_env(origin, env)).transpose()?,
            signers: config.routes.refresh.iter().map(|refresh| Signer::new(&refresh.key)).collect(),
            limiter: config.rate_limit.as_ref().map(|limit| RateLimiter::from_env(limit, env)).transpose()?,
            observer: Observer::from_env(config.observe.clone(), config.routes.mode, env)?,
            routes: config.routes.clone(),
            guard: Rc::new(Guard::new(Engine::new(config, trust, seed), denylist)),
        })
    }

    /// The isolate's own, made [from the environment](Self::from_env) when it is first asked for.
    ///
    /// # Errors
    /// When the configuration is wrong: the first field that is.
    pub fn shared(env: &Env) -> worker::Result<Rc<Self>> {
        if let Some(shared) = SHARED.with_borrow(Clone::clone) {
            return Ok(shared);
        }
        let made = Self::from_env(env).map_err(|error| format!("quash: the configuration is wrong: {error}"))?;
        Ok(SHARED.with_borrow_mut(|shared| shared.insert(Rc::new(made)).clone()))
    }

    /// Has `hook` be told of every revocation, as soon as this isolate refuses what it covers, and before it is durable: for
    /// whoever judges requests beside this guard.
    pub fn on_record(&self, hook: impl Fn(&[Revocation]) + 'static) {
        self.guard.on_record(Box::new(hook));
    }

    /// Answers a request: the routes below the prefix, and for everything else the guard and then the origin.
    ///
    /// # Errors
    /// Only those of the platform itself; whatever Quash refuses is an answer.
    pub async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let (copied, arrived) = (Copied::of(&request), now());
        // Alone, or the engine would be held while the request is answered.
        let route = self.guard.engine().route(&copied.head());
        let answer = match route {
            Ok(Route::Endpoint(endpoint)) => return self.answer(endpoint, &mut request).await,
            Ok(Route::Origin(Access::Preflight)) => self.forward(&request, Sender::Nobody).await,
            Ok(Route::Origin(Access::Public | Access::Guarded(None, _))) => {
                self.forward(&request, Sender::Anybody).await
            }
            Ok(Route::Origin(Access::Guarded(Some(credential), policy))) => {
                self.pass(&request, credential, policy).await
            }
            Err(error) => Err(error),
        };
        answer.or_else(|error| self.refused(&error, arrived))
    }

    /// The answer to a request that may not pass, and arrived then.
    pub(crate) fn refused(&self, error: &Error, arrived: Timestamp) -> worker::Result<Response> {
        self.observer.tell(GUARDED, respond::refusal(error)?, arrived)
    }

    /// Whether a request is for one of the routes that Quash answers itself: for a handler that has paths of its own.
    pub fn is_endpoint(&self, request: &Request) -> bool {
        self.guard.engine().endpoint(&request.inner().url()).is_some()
    }

    /// Answers a request for one of the routes below the prefix; `None` for any other, whoever it is from. For a Worker that has
    /// its guard elsewhere: how that is, is for it to say, and whether it would let a token in. `judge` tells what it answers if not.
    ///
    /// # Errors
    /// As [`fetch`](Self::fetch).
    pub async fn fetch_endpoint(
        &self,
        mut request: Request,
        judge: impl AsyncFnOnce(&str) -> worker::Result<Option<Response>>,
    ) -> worker::Result<Option<Response>> {
        let endpoint = self.guard.engine().endpoint(&request.inner().url());
        let judge = async |token: &str| judge(token).await.map_err(respond::platform);
        match endpoint {
            None | Some(Endpoint::Health | Endpoint::Verify) => Ok(None),
            Some(endpoint) => self.answer_unguarded(endpoint, &mut request, judge).await.map(Some),
        }
    }

    /// The verdict on a request, on the terms that the configuration has for its path, for a handler that does the rest itself.
    /// `None`: it has no token, and needs none.
    ///
    /// # Errors
    /// Why the request may not pass; [`refusal`](crate::refusal) makes an answer of it.
    pub async fn authorize(&self, request: &Request) -> Result<Option<Authorized>, Error> {
        let copied = Copied::of(request);
        let policy = self.guard.engine().policy(&copied.head())?;
        self.authorize_copied(&copied, policy).await
    }

    /// The verdict on a request, on the terms of `policy`, whatever the configuration has for its path.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize).
    pub async fn authorize_with(
        &self,
        request: &Request,
        policy: impl Into<Arc<Policy>>,
    ) -> Result<Option<Authorized>, Error> {
        self.authorize_copied(&Copied::of(request), policy.into()).await
    }

    /// Whether a request that was authorised may still have its answer: the user may have logged out while it was worked on, and
    /// after the logout's answer no other may follow. Asks this isolate and no store, and costs nothing unless it has revoked something
    /// meanwhile.
    ///
    /// # Errors
    /// [`Error::Revoked`].
    pub fn confirm(&self, authorized: Option<&Authorized>) -> Result<(), Error> {
        authorized.map_or(Ok(()), |Authorized { token, verdict, .. }| self.guard.confirm(token, verdict))
    }

    /// Who a request is for: on the terms of `policy`, where there is one, whatever the configuration has for its path.
    #[cfg(feature = "tower")]
    pub(crate) fn route<'h>(&self, head: &Head<'h>, policy: Option<&Arc<Policy>>) -> Result<Route<'h>, Error> {
        let engine = self.guard.engine();
        match (engine.endpoint(head.url), policy) {
            (Some(endpoint), _) => Ok(Route::Endpoint(endpoint)),
            (None, Some(policy)) => Ok(Route::Origin(engine.access_by(head, policy)?)),
            (None, None) => Ok(Route::Origin(engine.access(head)?)),
        }
    }

    async fn authorize_copied(&self, copied: &Copied, policy: Arc<Policy>) -> Result<Option<Authorized>, Error> {
        let credential = self.guard.engine().credential(&copied.head(), &policy)?;
        match credential {
            Some(credential) => self.judge(credential, policy).await.map(Some),
            None => Ok(None),
        }
    }

    pub(crate) async fn judge(&self, credential: Credential<'_>, policy: Arc<Policy>) -> Result<Authorized, Error> {
        let verdict = self.guard.judge(credential.token, &policy).await?;
        Ok(Authorized { source: credential.source, token: credential.token.into(), verdict })
    }

    async fn pass(
        &self,
        request: &Request,
        credential: Credential<'_>,
        policy: Arc<Policy>,
    ) -> Result<Response, Error> {
        let authorized = self.judge(credential, policy).await?;
        let response = self.forward(request, authorized.sender()).await?;
        self.confirm(Some(&authorized))?;
        Ok(response)
    }

    async fn forward(&self, request: &Request, sender: Sender<'_>) -> Result<Response, Error> {
        match &self.origin {
            Some(origin) => origin.forward(request, sender).await,
            None => {
                Err(ConfigError::new("origin", "is missing, and nothing else says where to send what may pass").into())
            }
        }
    }

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
    async fn answer_unguarded(
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
            answer = respond::refusal(&error)?;
            if matches!(endpoint, Endpoint::Logout | Endpoint::Handle | Endpoint::Token) {
                self.let_read(origin, answer.headers_mut())?;
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
                return self.introspect(request, judge).await.or_else(|error| respond::refusal(&error));
            }
            Endpoint::Metadata if !is_read(request) => {
                return respond::refusal(&Error::MethodNotAllowed("GET, HEAD"));
            }
            Endpoint::Metadata => {
                return match &self.routes.server {
                    Some(server) => {
                        metadata::metadata(server, self.guard.has_ledger(), !self.routes.refresh.is_empty())
                    }
                    None => Response::error("nobody looks here", 404),
                };
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
        let scope = handle::Scope::parse(presented.field("scope")?)?;
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
        revoke::revoke(&self.guard, client, token_of(&form)?, later()).await?;
        // RFC 7009 section 2.2: 200, and nothing to say.
        respond::empty(200).map_err(respond::platform)
    }

    async fn introspect(
        &self,
        request: &mut Request,
        judge: impl AsyncFnOnce(&str) -> Result<Option<Response>, Error>,
    ) -> Result<Response, Error> {
        let (client, form) = self.authenticated(request).await?;
        introspect::introspect(client, token_of(&form)?, judge).await
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

/// The token that a client asks about (RFC 7009 section 2.1, RFC 7662 section 2.1).
fn token_of(form: &Form) -> Result<&str, Error> {
    form.field("token")?.ok_or(Error::Parameter("token"))
}
