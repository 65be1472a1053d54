use quash_engine::{
    Error, Sender,
    config::{self, ConfigError},
    pass_on,
};
use wasm_bindgen::JsCast;
use worker::{Env, Fetch, Fetcher, Headers, Request, Response};

use crate::passed_on::Passed;

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

    /// Sends the request on.
    pub(crate) async fn forward(&self, request: &Request, sender: Sender<'_>) -> Result<Response, Error> {
        let unreachable = |error: worker::Error| {
            worker::console_error!("quash: the origin did not answer: {error}");
            Error::OriginUnreachable
        };
        let request = self.request(request, sender).map_err(unreachable)?;
        let answer = match self {
            Self::Url(_) => Fetch::Request(request).send().await,
            Self::Binding(binding) => binding.fetch_request(request).await.and_then(answered),
        };
        answer.map_err(unreachable)
    }

    fn request(&self, request: &Request, sender: Sender<'_>) -> worker::Result<Request> {
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
        let mut headers = Headers(forwarded.inner().headers());
        pass_on(&mut Passed(&mut headers), sender)?;
        Ok(forwarded)
    }
}

/// With its feature `http`, which any other crate of a Worker may ask for, the `worker` crate has another type for what a binding
/// answers.
fn answered<T>(answer: T) -> worker::Result<Response>
where
    T: TryInto<Response>,
    worker::Error: From<T::Error>,
{
    answer.try_into().map_err(worker::Error::from)
}
