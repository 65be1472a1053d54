use std::{cell::RefCell, rc::Rc, sync::Arc};

use js_sys::{JSON, Math, Reflect};
use quash_core::{Revocation, Timestamp};
#[cfg(feature = "tower")]
use quash_engine::Head;
use quash_engine::{
    Access, Credential, Endpoint, Engine, Error, Policy, Route, Sender,
    config::{Config, ConfigError, Routes},
};
use worker::{Env, Request, Response};

use crate::{
    admin,
    authorized::Authorized,
    guard::{Guard, now},
    ledger::LedgerClient,
    observer::{GUARDED, Observer},
    origin::Origin,
    rate_limit::RateLimiter,
    request::Copied,
    respond,
    signer::Signer,
    store::Denylist,
};

/// The variable that holds the configuration.
const VARIABLE: &str = "QUASH";

thread_local! {
    static SHARED: RefCell<Option<Rc<Quash>>> = const { RefCell::new(None) };
}

/// A guard in front of an origin, with the routes that log out, mint handles and revoke. Make one for an isolate and keep it:
/// it remembers what it revoked, and the keys it imported. [`shared`](Self::shared) does that.
pub struct Quash {
    pub(crate) guard: Rc<Guard>,
    pub(crate) routes: Arc<Routes>,
    /// Of each issuer whose refresh tokens are exchanged here.
    pub(crate) signers: Vec<Signer>,
    /// Of each issuer whose status lists are published here.
    pub(crate) list_signers: Vec<Signer>,
    /// Of our own answers.
    pub(crate) own_signer: Option<Signer>,
    /// `None` for a Worker that has routes of its own.
    origin: Option<Origin>,
    pub(crate) limiter: Option<RateLimiter>,
    pub(crate) observer: Observer,
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
            list_signers: config.routes.status_issuers.iter().map(|lists| Signer::new(&lists.key)).collect(),
            own_signer: config.routes.server.as_ref().and_then(|server| server.signing_keys.first()).map(Signer::new),
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

    /// Revokes what the Worker's own code demands, and comes back when it is durable: a demand as the Admin API takes it, and the receipt as that
    /// answers it, in JSON; and what was revoked. A receipt whose `outcome` is `refused` has the `code` of the error.
    ///
    /// For a host that has texts: there is nobody to authenticate, and no line of the audit log.
    pub async fn revoke_demanded(&self, demand: &str) -> (String, Vec<Revocation>) {
        admin::revoke_by_code(&self.guard, &self.routes, demand).await
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
}
