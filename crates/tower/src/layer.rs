//! The guard as a layer of tower's, for axum and whoever else is built on it.

use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use http::{Request, Response};
use quash_engine::{Access, Error, Policy, Sender, pass_on};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    authorized::Authorized,
    head::{Copied, Passed},
    quash::Quash,
    respond::refusal,
};

impl Quash {
    /// The guard as a layer: what it lets through has [`Authorized`] among its extensions, unless it is nobody's. The rest it
    /// answers itself.
    ///
    /// ```no_run
    /// use axum::{Extension, Router, routing::{get, post, post_service}};
    /// use quash_tower::{Authorized, Config, Policy, Quash, RedisStore};
    ///
    /// # async fn serve(config: Config) -> Result<(), Box<dyn std::error::Error>> {
    /// let quash = Quash::new(config, RedisStore::connect("redis://127.0.0.1").await?)?;
    /// let open_account = Policy::new().audience("https://accounts.example").scope("accounts:write");
    /// let router = Router::new()
    ///     .route("/me", get(me))
    ///     .route("/accounts", post(me).layer(quash.layer().with_policy(open_account)))
    ///     .layer(quash.layer())
    ///     .route("/news", get(news).layer(quash.layer().with_policy(Policy::new().optional())))
    ///     .route("/auth/logout", post_service(quash.logout()));
    /// let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    /// axum::serve(listener, router).await?;
    /// # Ok(())
    /// # }
    ///
    /// async fn me(authorized: Extension<Authorized>) -> Vec<u8> {
    ///     authorized.claims_json()
    /// }
    ///
    /// async fn news(authorized: Option<Extension<Authorized>>) -> &'static str {
    ///     if authorized.is_some() { "all of it" } else { "some of it" }
    /// }
    /// ```
    ///
    /// A request passes every layer that is around its route. Axum puts one around the routes that are there already, and around
    /// all paths that the router does not know, so `/accounts` has to satisfy the configuration and its own policy, and a route that
    /// comes later, like the logout's, has no guard but its own.
    ///
    /// Without a policy of its own, a layer goes by the configuration: which paths are public, which policy a path has. It has to see
    /// the paths that the configuration speaks of, so put it around the whole router: below axum's `nest`, `/admin/login` is called
    /// `/login`.
    pub fn layer(&self) -> QuashLayer {
        QuashLayer { quash: self.clone(), policy: None }
    }
}

/// Made by [`Quash::layer`].
#[derive(Clone)]
pub struct QuashLayer {
    quash: Quash,
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

impl<S, B, R> Service<Request<B>> for QuashService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<Vec<u8>> + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The one that is ready; its clone need not be.
        let clone = self.inner.clone();
        let inner = mem::replace(&mut self.inner, clone);
        let QuashLayer { quash, policy } = self.layer.clone();
        Box::pin(async move {
            let answer = guard(quash, policy, inner, request).await;
            answer.unwrap_or_else(|error| Ok(refusal(&error)))
        })
    }
}

/// The answer of the inner service.
///
/// # Errors
/// Why it is not asked, or its answer not given.
async fn guard<S, B, R>(
    quash: Quash,
    policy: Option<Arc<Policy>>,
    mut inner: S,
    request: Request<B>,
) -> Result<Result<Response<R>, S::Error>, Error>
where
    S: Service<Request<B>, Response = Response<R>>,
{
    let (mut parts, body) = request.into_parts();
    let copied = Copied::of(&parts);
    let authorized = match quash.access(&copied, policy.as_ref())? {
        Access::Preflight => {
            pass(&mut parts, Sender::Nobody)?;
            return Ok(inner.call(Request::from_parts(parts, body)).await);
        }
        Access::Public | Access::Guarded(None, _) => None,
        Access::Guarded(Some(credential), policy) => Some(quash.judge(credential, &policy).await?),
    };
    pass(&mut parts, authorized.as_ref().map_or(Sender::Anybody, Authorized::sender))?;
    // One of a layer that is further out was another route's.
    parts.extensions.remove::<Authorized>();
    if let Some(authorized) = &authorized {
        parts.extensions.insert(authorized.clone());
    }
    let answer = inner.call(Request::from_parts(parts, body)).await;
    quash.confirm(authorized.as_ref())?;
    Ok(answer)
}

fn pass(parts: &mut http::request::Parts, sender: Sender<'_>) -> Result<(), Error> {
    // A token and its claims are letters of base64url.
    pass_on(&mut Passed(&mut parts.headers), sender).map_err(|error| Error::Platform(error.to_string()))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue};
    use quash_core::follower;
    use quash_engine::Source;

    use super::*;

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

        let sender = |source, verdict| Sender::Authorized { source, token: "head.claims.signature", verdict };
        pass_on(&mut Passed(&mut headers), sender(Source::Cookie, follower::Source::None)).unwrap();
        assert_eq!(
            (&headers["quash-claims"], &headers["quash-source"]),
            (&"claims".parse().unwrap(), &"none".parse().unwrap())
        );
        assert!(!headers.contains_key("authorization"));
        pass_on(&mut Passed(&mut headers), sender(Source::Header, follower::Source::Fresh)).unwrap();
        assert!(!headers.contains_key("quash-source"));
        assert_eq!(headers["authorization"], "Bearer head.claims.signature");
        headers.insert("cookie", HeaderValue::from_static("a=b"));
        pass_on(&mut Passed(&mut headers), Sender::Nobody).unwrap();
        assert!(!["authorization", "cookie", "quash-claims"].into_iter().any(|name| headers.contains_key(name)));
    }
}
