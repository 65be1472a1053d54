use quash_engine::{
    Error, Source,
    config::{self, ConfigError},
};
use wasm_bindgen::JsCast;
use worker::{Env, Fetch, Fetcher, Headers, Request, Response};

use crate::authorized::Authorized;

/// Headers with this prefix are ours to the origin, so a client's are never passed on.
const OUR_PREFIX: &str = "quash-";

/// The verified token's payload, base64url.
const CLAIMS: &str = "Quash-Claims";

/// What the guard stands in front of.
pub(crate) enum Origin {
    Url(String),
    Binding(Fetcher),
}

impl Origin {
    pub(crate) fn from_env(origin: &config::Origin, env: &Env) -> Result<Self, ConfigError> {
        let binding = |field: &str, name: &str| {
            env.service(name)
                .map(Self::Binding)
                .map_err(|_| ConfigError::new(field, format_args!("there is no binding `{name}`")))
        };
        match origin {
            config::Origin::Url(url) => Ok(Self::Url(url.clone())),
            config::Origin::Service(name) => binding("origin.service", name),
            config::Origin::Assets(name) => binding("origin.assets", name),
        }
    }

    /// Sends the request on, with the claims that were verified or, on a public path, none.
    pub(crate) async fn forward(&self, request: &Request, authorized: Option<&Authorized>) -> Result<Response, Error> {
        let unreachable = |error: worker::Error| {
            worker::console_error!("quash: the origin did not answer: {error}");
            Error::OriginUnreachable
        };
        let request = self.request(request, authorized).map_err(unreachable)?;
        match self {
            Self::Url(_) => Fetch::Request(request).send().await,
            Self::Binding(binding) => binding.fetch_request(request).await,
        }
        .map_err(unreachable)
    }

    fn request(&self, request: &Request, authorized: Option<&Authorized>) -> worker::Result<Request> {
        let forwarded = match self {
            Self::Binding(_) => request.clone_mut()?,
            Self::Url(origin) => {
                let url = web_sys::Url::new(&request.inner().url())?;
                // `new Request(url, request)` takes over method, headers, body and "redirect: manual".
                let init = request.inner().unchecked_ref::<web_sys::RequestInit>();
                let target = format!("{origin}{}{}", url.pathname(), url.search());
                web_sys::Request::new_with_str_and_init(&target, init)?.into()
            }
        };
        // The `worker` crate takes a converted request for an incoming one, whose headers it refuses to change.
        let headers = Headers(forwarded.inner().headers());
        let ours: Vec<String> = headers.keys().filter(|name| name.starts_with(OUR_PREFIX)).collect();
        for name in ours {
            headers.delete(&name)?;
        }
        if let Some(authorized) = authorized {
            headers.set(CLAIMS, authorized.claims())?;
            // Only the credential that was verified goes on: another scheme's could mean another user to the origin.
            match authorized.source() {
                Source::Header => headers.set("Authorization", &format!("Bearer {}", authorized.token()))?,
                _ => headers.delete("Authorization")?,
            }
        }
        Ok(forwarded)
    }
}
