//! What others send to have tokens revoked: one way for all of it, from the body to the denylist.

use std::rc::Rc;

use quash_core::VerifiedToken;
use quash_engine::{Error, config::Routes};
use worker::{Request, Response};

use crate::{
    backchannel_logout, body, global_revocation,
    guard::{Guard, now},
    request::{AsRequest, post_only},
    respond, security_event,
};

/// Somebody's word that tokens are to be revoked, by how it comes.
#[derive(Clone, Copy)]
pub(crate) enum Signal {
    /// A logout token.
    Logout,
    /// A security event token.
    Event,
    /// A request about a subject.
    Subject,
}

impl Signal {
    /// Takes it, and answers when what it says is durable.
    pub(crate) async fn answer(
        self,
        guard: &Rc<Guard>,
        routes: &Routes,
        request: &mut Request,
    ) -> worker::Result<Response> {
        match (self.take(guard, routes, request).await, self) {
            (Ok(()), Self::Logout) => respond::empty(200),
            (Ok(()), Self::Event) => respond::empty(202),
            (Ok(()), Self::Subject) => respond::empty(204),
            (Err(error), Self::Logout) => backchannel_logout::refusal(&error),
            (Err(error), Self::Event) => security_event::refusal(&error),
            (Err(error), Self::Subject) => global_revocation::refusal(&error),
        }
    }

    async fn take(self, guard: &Rc<Guard>, routes: &Routes, request: &mut Request) -> Result<(), Error> {
        post_only(request)?;
        let (media_type, max) = match self {
            Self::Logout => backchannel_logout::BODY,
            Self::Event => security_event::BODY,
            Self::Subject => global_revocation::BODY,
        };
        let body = body::read(request, media_type, max).await?;
        let (authorization, now) = (request.header("Authorization"), now());
        let authorization = authorization.as_deref();
        let text = match self {
            Self::Logout => Some(backchannel_logout::token(&body)?),
            Self::Event => Some(security_event::token(&body)?),
            Self::Subject => global_revocation::token(authorization),
        };
        let token: Option<VerifiedToken> = match &text {
            Some(text) => Some(guard.verify(text).await?),
            None => None,
        };
        let revocations = match (self, token) {
            (Self::Logout, Some(token)) => backchannel_logout::revocations(token, routes, now)?,
            (Self::Event, Some(token)) => security_event::revocations(token, routes, authorization, now)?,
            (_, token) => {
                let caller = global_revocation::caller(guard, token, routes, authorization, now).await?;
                global_revocation::revocations(&caller, body, &guard.engine(), now)?
            }
        };
        if revocations.is_empty() { Ok(()) } else { guard.record(&revocations, now).await }
    }
}
