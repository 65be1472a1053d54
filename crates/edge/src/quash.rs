use js_sys::{JSON, Reflect};
use quash_core::Timestamp;
use worker::{Date, Env, Headers, Request, Response};

use crate::{
    client,
    config::{Config, ConfigError, Routes},
    credential,
    error::Error,
    form::Form,
    guard::{Authorized, Guard},
    handle::{self, Minted},
    logout::{self, Receipt, Scope},
    origin::Origin,
    presented::Presented,
    request::{header, is_https, is_preflight, post_only},
    respond, revoke,
    store::EventualDenylist,
};

/// The variable that holds the configuration.
const VARIABLE: &str = "QUASH";

/// A guard in front of an origin, with the routes that log out, mint handles and revoke. Make one for an isolate and keep it:
/// it remembers what it revoked, and the keys it imported.
pub struct Quash {
    routes: Routes,
    guard: Guard,
    origin: Origin,
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
        let config = Config::parse(&json, |name| variable(name)?.as_string())?;
        let kv = env.kv(&config.denylist).map_err(|_| {
            let problem = format!("there is no KV namespace bound as `{}`", config.denylist);
            ConfigError::new("denylist", problem)
        })?;
        Ok(Self {
            origin: Origin::from_env(&config.origin, env)?,
            guard: Guard::new(config.trust, EventualDenylist::new(kv)),
            routes: config.routes,
        })
    }

    /// Answers a request: the routes below the prefix, and for everything else the guard and then the origin.
    ///
    /// # Errors
    /// Only those of the platform itself; whatever Quash refuses is an answer.
    pub async fn fetch(&self, mut request: Request) -> worker::Result<Response> {
        let path = request.path();
        let answer = match path.strip_prefix(&self.routes.prefix) {
            Some("/logout") => return self.logout(&mut request).await,
            Some("/handle") => return self.handle(&mut request).await,
            Some("/revoke") => self.revoke(&mut request).await,
            _ => self.pass(&request, &path).await,
        };
        answer.or_else(|error| respond::error(&error))
    }

    /// The verdict on a request, for a handler that does the rest itself.
    ///
    /// # Errors
    /// Why the request may not pass.
    pub async fn authorize(&self, request: &Request) -> Result<Authorized, Error> {
        let (authorization, cookie) = (header(request, "Authorization"), header(request, "Cookie"));
        let credentials = credential::all(authorization.as_deref(), cookie.as_deref(), &self.routes.token_cookies);
        let credential = credential::one(&credentials)?;
        self.guard.authorize(credential.source, credential.token, now()).await
    }

    async fn pass(&self, request: &Request, path: &str) -> Result<Response, Error> {
        if is_preflight(request) || self.routes.public.iter().any(|public| public.matches(path)) {
            return self.origin.forward(request, None).await;
        }
        let authorized = self.authorize(request).await?;
        let response = self.origin.forward(request, Some(&authorized)).await?;
        // The user may have logged out while the origin was working: after the logout's answer, no other may follow.
        self.guard.recheck(&authorized, now())?;
        Ok(response)
    }

    async fn logout(&self, request: &mut Request) -> worker::Result<Response> {
        let origin = header(request, "Origin");
        let mut response = match self.receipt(request).await {
            Ok(receipt) => {
                let mut response = respond::json(200, &receipt)?;
                if !receipt.is_of_handle_alone() {
                    self.clear_browser(response.headers_mut(), is_https(request)?)?;
                }
                response
            }
            // The cookies stay: the same request has to be sent again, and it needs them.
            Err(error) => respond::error(&error)?,
        };
        self.let_read(origin, response.headers_mut())?;
        Ok(response)
    }

    async fn receipt(&self, request: &mut Request) -> Result<Receipt, Error> {
        let presented = Presented::read(request, &self.routes).await?;
        let scope = Scope::parse(presented.field("scope")?)?;
        let (tokens, handle) = (presented.tokens(&self.routes)?, presented.field("handle")?);
        logout::logout(&self.guard, self.routes.mode.name(), &tokens, handle, scope, now()).await
    }

    async fn handle(&self, request: &mut Request) -> worker::Result<Response> {
        let origin = header(request, "Origin");
        let mut response = match self.minted(request).await {
            Ok(minted) => respond::json(200, &minted)?,
            Err(error) => respond::error(&error)?,
        };
        self.let_read(origin, response.headers_mut())?;
        Ok(response)
    }

    async fn minted(&self, request: &mut Request) -> Result<Minted, Error> {
        let presented = Presented::read(request, &self.routes).await?;
        let scope = handle::Scope::parse(presented.field("scope")?)?;
        handle::mint(&self.guard, &presented.tokens(&self.routes)?, scope, now()).await
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
            headers.append("Set-Cookie", &cookie.set_cookie(over_https))?;
        }
        match &self.routes.clear_site_data {
            Some(kinds) => headers.set("Clear-Site-Data", kinds),
            None => Ok(()),
        }
    }

    async fn revoke(&self, request: &mut Request) -> Result<Response, Error> {
        post_only(request)?;
        let form = Form::read(request).await?;
        let authorization = header(request, "Authorization");
        let client = client::authenticate(&self.routes.clients, authorization.as_deref(), &form)?;
        let token = form.field("token")?.ok_or(Error::Parameter("token"))?;
        revoke::revoke(&self.guard, client, token, now()).await?;
        // RFC 7009 section 2.2: 200, and nothing to say.
        Ok(Response::empty()?.with_headers(Headers::from_iter([("Cache-Control", "no-store")])).with_status(200))
    }
}

fn now() -> Timestamp {
    Timestamp::from_millis(Date::now().as_millis())
}
