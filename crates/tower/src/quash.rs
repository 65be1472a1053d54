use std::sync::Arc;

use http::request::Parts;
use quash_engine::{Access, Credential, Engine, Error, Policy};

use crate::{authorized::Authorized, config::Config, guard::Guard, head::Copied, random, store::RedisStore};

/// A guard, and what destroys tokens. Make one for a process and clone it: it knows what was revoked, and follows the store's log
/// for all requests alike.
#[derive(Clone)]
pub struct Quash {
    pub(crate) guard: Arc<Guard>,
}

impl Quash {
    /// A guard over a store. It reads the store's log when the first request comes that has to know of it.
    ///
    /// # Errors
    /// [`Error::Platform`]: the system has no random numbers.
    pub fn new(Config { store: terms, trust }: Config, store: RedisStore) -> Result<Self, Error> {
        let seed = random::number().map_err(|_| Error::Platform("the system has no random numbers".into()))?;
        let routes = Arc::clone(&terms.routes);
        Ok(Self { guard: Arc::new(Guard::new(Engine::with_store(terms, trust, seed), routes, store)) })
    }

    /// The verdict on a request, on the terms that the configuration has for its path, for whoever has no layer. `None`: it is nobody's,
    /// and may be: its path is public, its token optional and absent, or it is a CORS preflight.
    ///
    /// Once its answer is made, [`confirm`](Self::confirm) it.
    ///
    /// # Errors
    /// Why the request may not pass; [`refusal`](crate::refusal) makes an answer of it.
    pub async fn authorize(&self, request: &Parts) -> Result<Option<Authorized>, Error> {
        self.authorize_copied(&Copied::of(request), None).await
    }

    /// The verdict on a request, on the terms of `policy`, whatever the configuration has for its path.
    ///
    /// # Errors
    /// As [`authorize`](Self::authorize).
    pub async fn authorize_with(
        &self,
        request: &Parts,
        policy: impl Into<Arc<Policy>>,
    ) -> Result<Option<Authorized>, Error> {
        self.authorize_copied(&Copied::of(request), Some(&policy.into())).await
    }

    /// Whether a request that was authorised may still have its answer: the user may have logged out while it was worked on, and
    /// after the logout's answer no other may follow. Asks this process and no store, and costs nothing unless it has revoked
    /// something meanwhile.
    ///
    /// # Errors
    /// [`Error::Revoked`].
    pub fn confirm(&self, authorized: Option<&Authorized>) -> Result<(), Error> {
        authorized.map_or(Ok(()), |Authorized { token, verdict, .. }| self.guard.confirm(token, verdict))
    }

    async fn authorize_copied(
        &self,
        copied: &Copied,
        policy: Option<&Arc<Policy>>,
    ) -> Result<Option<Authorized>, Error> {
        match self.access(copied, policy)? {
            Access::Public | Access::Preflight | Access::Guarded(None, _) => Ok(None),
            Access::Guarded(Some(credential), policy) => self.judge(credential, &policy).await.map(Some),
        }
    }

    /// On what terms a request may pass: on those of `policy`, where there is one.
    pub(crate) fn access<'h>(&self, copied: &'h Copied, policy: Option<&Arc<Policy>>) -> Result<Access<'h>, Error> {
        let (engine, _) = self.guard.engine()?;
        match policy {
            Some(policy) => engine.access_by(&copied.head(), policy),
            None => engine.access(&copied.head()),
        }
    }

    pub(crate) async fn judge(&self, credential: Credential<'_>, policy: &Arc<Policy>) -> Result<Authorized, Error> {
        let verdict = self.guard.judge(credential.token, policy).await?;
        Ok(Authorized { source: credential.source, token: credential.token.into(), verdict })
    }
}
