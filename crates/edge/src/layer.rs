//! The guard as a layer of tower's, for axum and whoever else is built on it.

use std::{
    mem,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use quash_engine::{Access, AsHeaders, Error, Policy, Route, Sender, pass_on};
use tower_layer::Layer;
use tower_service::Service;
use worker::{
    Request, Response, console_error,
    send::{SendFuture, SendWrapper},
};

use crate::{
    authorized::Authorized,
    guard::now,
    passed_on::Passed,
    quash::Quash,
    request::{AsRequest, Copied},
    respond,
};

impl Quash {
    /// The guard as a layer: what it lets through has [`Authorized`](crate::Authorized) among its extensions, unless it is
    /// nobody's. The rest it answers itself, and so it does what is below the prefix: a logout needs no route.
    ///
    /// ```no_run
    /// use axum::{Extension, Router, body::Body, http::Response, routing::{get, post}};
    /// use quash_edge::{Authorized, Policy, Quash};
    /// use tower_service::Service;
    /// use worker::{Context, Env, HttpRequest, Result, event};
    ///
    /// #[event(fetch)]
    /// async fn fetch(request: HttpRequest, env: Env, _: Context) -> Result<Response<Body>> {
    ///     let quash = Quash::shared(&env)?;
    ///     let open_account = Policy::new().audience("https://accounts.example").scope("accounts:write");
    ///     let mut router = Router::new()
    ///         .route("/me", get(me))
    ///         .route("/accounts", post(me).layer(quash.layer().with_policy(open_account)))
    ///         .layer(quash.layer())
    ///         .route("/news", get(news).layer(quash.layer().with_policy(Policy::new().optional())));
    ///     Ok(router.call(request).await?)
    /// }
    ///
    /// async fn me(authorized: Extension<Authorized>) -> String {
    ///     authorized.claims().into() // What the issuer signed, in base64url.
    /// }
    ///
    /// async fn news(authorized: Option<Extension<Authorized>>) -> &'static str {
    ///     if authorized.is_some() { "all of it" } else { "some of it" }
    /// }
    /// # fn main() {}
    /// ```
    ///
    /// A request passes every layer that is around its route. Axum puts one around the routes that are there already, and around
    /// all paths that the router does not know, so `/accounts` has to satisfy the configuration and its own policy, and a route that
    /// comes later has no guard but its own.
    ///
    /// Without a policy of its own, a layer goes by the configuration: which paths are public, which policy a path has. It has to see
    /// the paths that the configuration speaks of, so put it around the whole router: below axum's `nest`, `/admin/login` is called
    /// `/login`.
    pub fn layer(self: &Rc<Self>) -> QuashLayer {
        QuashLayer { quash: SendWrapper::new(Rc::clone(self)), policy: None }
    }
}

/// Made by [`Quash::layer`].
#[derive(Clone)]
pub struct QuashLayer {
    /// Workers have one thread.
    quash: SendWrapper<Rc<Quash>>,
    policy: Option<Arc<Policy>>,
}

impl QuashLayer {
    /// Has the layer judge by `policy` instead, whatever the configuration has for a path: none is public then.
    #[must_use]
    pub fn with_policy(self, policy: impl Into<Arc<Policy>>) -> Self {
        Self { policy: Some(policy.into()), ..self }
    }
}

impl<S> Layer<S> for QuashLayer {
    type Service = QuashService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        QuashService { layer: self.clone(), inner }
    }
}

/// A service behind the guard. Made by [`QuashLayer`].
#[derive(Clone)]
pub struct QuashService<S> {
    layer: QuashLayer,
    inner: S,
}

impl<S, B, R> Service<http::Request<B>> for QuashService<S>
where
    S: Service<http::Request<B>, Response = http::Response<R>> + Clone + 'static,
    B: 'static,
    R: From<Vec<u8>> + 'static,
    Request: TryFrom<http::Request<B>, Error = worker::Error>,
{
    type Response = http::Response<R>;
    type Error = S::Error;
    /// Axum wants futures that can be sent.
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        // The one that is ready; its clone need not be.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        Box::pin(SendFuture::new(answer(self.layer.clone(), inner, request)))
    }
}

async fn answer<S, B, R>(layer: QuashLayer, inner: S, request: http::Request<B>) -> Result<http::Response<R>, S::Error>
where
    S: Service<http::Request<B>, Response = http::Response<R>>,
    R: From<Vec<u8>>,
    Request: TryFrom<http::Request<B>, Error = worker::Error>,
{
    let (quash, arrived) = (Rc::clone(&layer.quash), now());
    match guard(layer, inner, request).await {
        Ok(answer) => answer,
        Err(error) => Ok(converted(quash.refused(&error, arrived)).await),
    }
}

/// The answer of the inner service, or ours where it is not asked.
///
/// # Errors
/// Why there is none.
async fn guard<S, B, R>(
    QuashLayer { quash, policy }: QuashLayer,
    mut inner: S,
    mut request: http::Request<B>,
) -> Result<Result<http::Response<R>, S::Error>, Error>
where
    S: Service<http::Request<B>, Response = http::Response<R>>,
    R: From<Vec<u8>>,
    Request: TryFrom<http::Request<B>, Error = worker::Error>,
{
    let copied = Copied::of(&request);
    let authorized = match quash.route(&copied.head(), policy.as_ref())? {
        Route::Endpoint(endpoint) => {
            let mut request = Request::try_from(request).map_err(respond::platform)?;
            return Ok(Ok(converted(quash.answer(endpoint, &mut request).await).await));
        }
        Route::Origin(Access::Preflight) => {
            pass_on(&mut Passed(request.headers_mut()), Sender::Nobody).map_err(respond::platform)?;
            return Ok(inner.call(request).await);
        }
        Route::Origin(Access::Public | Access::Guarded(None, _)) => None,
        Route::Origin(Access::Guarded(Some(credential), policy)) => Some(quash.judge(credential, policy).await?),
    };
    let sender = authorized.as_ref().map_or(Sender::Anybody, Authorized::sender);
    pass_on(&mut Passed(request.headers_mut()), sender).map_err(respond::platform)?;
    if let Some(authorized) = &authorized {
        request.extensions_mut().insert(authorized.clone());
    }
    let answer = inner.call(request).await;
    quash.confirm(authorized.as_ref())?;
    Ok(answer)
}

/// An answer of ours, as the router has them. The platform's own failure is one without words.
async fn converted<R: From<Vec<u8>>>(answer: worker::Result<Response>) -> http::Response<R> {
    let converted = async {
        let mut answer = answer?;
        let mut converted = http::Response::new(answer.bytes().await?.into());
        *converted.status_mut() = StatusCode::from_u16(answer.status_code())?;
        for (name, value) in answer.headers() {
            converted.headers_mut().append(HeaderName::try_from(name)?, HeaderValue::try_from(value)?);
        }
        Ok::<_, worker::Error>(converted)
    };
    converted.await.unwrap_or_else(|error| {
        console_error!("quash: {error}");
        let mut failed = http::Response::new(Vec::new().into());
        *failed.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        failed
    })
}

impl<B> AsRequest for http::Request<B> {
    fn url(&self) -> String {
        let uri = self.uri();
        // The platform's have it all. One that was rewritten may be a path alone, and must not be read as a host.
        if uri.scheme().is_some() { uri.to_string() } else { format!("rewritten://here{uri}") }
    }

    fn is_options(&self) -> bool {
        self.method() == Method::OPTIONS
    }

    /// As Fetch combines several of a name, or one of two credentials would be overlooked.
    fn header(&self, name: &str) -> Option<String> {
        let values = self.headers().get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
        values.map(String::from).reduce(|all, value| format!("{all}, {value}"))
    }
}

impl AsHeaders for Passed<'_, HeaderMap> {
    type Error = worker::Error;

    fn names(&self) -> impl Iterator<Item = String> {
        self.0.keys().map(ToString::to_string)
    }

    fn set(&mut self, name: &'static str, value: &str) -> worker::Result<()> {
        self.0.insert(name, HeaderValue::try_from(value)?);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> worker::Result<()> {
        self.0.remove(name);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use quash_core::{Timestamp, follower::Source as VerdictSource};
    use quash_engine::Source;

    use super::*;
    use crate::guard::Verdict;

    fn request(uri: &str) -> http::request::Builder {
        http::Request::builder().uri(uri)
    }

    #[test]
    fn a_uri_is_read_as_the_url_that_it_was() {
        for (uri, url) in [
            ("https://a.example/api//x?y=%2e", "https://a.example/api//x?y=%2e"),
            ("https://a.example", "https://a.example/"),
            ("/api", "rewritten://here/api"),
        ] {
            assert_eq!(request(uri).body(()).unwrap().url(), url);
        }
    }

    #[test]
    fn every_header_of_a_name_is_seen() {
        let request = request("/").header("cookie", "a=é").header("Authorization", "x").header("authorization", "y");
        let request = request.body(()).unwrap();
        assert_eq!(request.header("Authorization").as_deref(), Some("x, y"));
        assert_eq!(request.header("Cookie").as_deref(), Some("a=é"));
        assert_eq!(request.header("Origin"), None);
    }

    #[test]
    fn what_the_client_says_in_our_name_goes() {
        let mut headers = HeaderMap::new();
        for (name, value) in [("quash-claims", "forged"), ("quash_claims", "forged"), ("x-mine", "kept")] {
            headers.append(name, HeaderValue::from_static(value));
            headers.append(name, HeaderValue::from_static(value));
        }
        headers.insert("authorization", HeaderValue::from_static("Basic dTpw"));
        pass_on(&mut Passed(&mut headers), Sender::Anybody).unwrap();
        assert_eq!((headers.get_all("x-mine").iter().count(), headers.keys_len()), (2, 2));
        assert_eq!(headers["authorization"], "Basic dTpw");

        let authorized = |source, verdict_source| Authorized {
            source,
            token: "head.claims.signature".into(),
            verdict: Verdict { source: verdict_source, arrived: Timestamp::from_secs(0), version: 0 },
        };
        let doubtful = authorized(Source::Cookie, VerdictSource::KvFallback);
        pass_on(&mut Passed(&mut headers), doubtful.sender()).unwrap();
        assert_eq!(headers["quash-claims"], "claims");
        assert_eq!(headers["quash-source"], "kv_fallback");
        assert!(!headers.contains_key("authorization"));
        let fresh = authorized(Source::Header, VerdictSource::Fresh);
        pass_on(&mut Passed(&mut headers), fresh.sender()).unwrap();
        assert!(!headers.contains_key("quash-source"));
        assert_eq!(headers["authorization"], "Bearer head.claims.signature");
        headers.insert("cookie", HeaderValue::from_static("a=b"));
        pass_on(&mut Passed(&mut headers), Sender::Nobody).unwrap();
        assert!(!["authorization", "cookie", "quash-claims"].into_iter().any(|name| headers.contains_key(name)));
    }
}
