use std::{sync::Arc, time::Duration};

use quash_core::{Refusal, ValidToken};

use crate::{error::Error, path::PathPattern};

/// What a route wants of a request, besides a token that is in force and not revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    audiences: Vec<String>,
    scopes: Vec<String>,
    optional: bool,
    mode: Option<Mode>,
    outage: Outage,
}

/// Where revocations are looked for, and so how late one may be known. See docs/consistency.md.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// In Workers KV: one bulk read for a request. Elsewhere a revocation shows there after a minute or more.
    Eventual,
    /// In what this isolate follows of the ledger: no read for a request, and nothing is unknown for longer than
    /// `max_staleness`.
    Bounded,
    /// In the ledger itself: a request to its Durable Object for each request, and nothing that was acknowledged is unknown.
    Strict,
    /// In what this isolate knows anyway, and nowhere else: a request costs no look-up, and a token that was revoked elsewhere may
    /// pass until it dies. For what anybody may keep who has seen it once.
    DangerIsolate,
}

impl Mode {
    pub(crate) const ALL: [(&str, Self); 4] = [
        ("eventual", Self::Eventual),
        ("bounded", Self::Bounded),
        ("strict", Self::Strict),
        ("danger_isolate", Self::DangerIsolate),
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eventual => "eventual",
            Self::Bounded => "bounded",
            Self::Strict => "strict",
            Self::DangerIsolate => "danger_isolate",
        }
    }
}

/// What becomes of a request whose token cannot be looked up in the denylist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outage {
    /// It is refused: 503, with `Retry-After`.
    #[default]
    Closed,
    /// It passes unless a revocation is known, for as long as what is known is no older than this; then it is refused. What was
    /// revoked meanwhile passes. Only the ledger can be known to be so old: elsewhere this is [`Closed`](Self::Closed).
    LastKnownGood(Duration),
    /// It passes unless a revocation is known.
    DangerOpen,
}

impl Policy {
    /// Nothing more than that.
    pub const fn new() -> Self {
        Self { audiences: Vec::new(), scopes: Vec::new(), optional: false, mode: None, outage: Outage::Closed }
    }

    /// `aud` must have `audience`, or another that is named so (RFC 7519 section 4.1.3); this comes on top of the issuer's.
    #[must_use]
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// `scope` must have `scope`, and every other that is named so (RFC 8693 section 4.2).
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// A request without a token passes, as nobody's. One with a token that is not accepted is refused all the same.
    #[must_use]
    pub const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Where revocations are looked for, if not as everywhere in the deployment.
    ///
    /// With a ledger, a logout does not wait for Workers KV unless a route of the *configuration* is [`Mode::Eventual`]: for one that only
    /// a program knows of, the logout is in force when KV has it, whatever was acknowledged.
    #[must_use]
    pub const fn mode(mut self, mode: Mode) -> Self {
        self.mode = Some(mode);
        self
    }

    /// What becomes of a request during an outage of the denylist.
    #[must_use]
    pub const fn outage(mut self, outage: Outage) -> Self {
        self.outage = outage;
        self
    }

    pub(crate) const fn is_optional(&self) -> bool {
        self.optional
    }

    pub(crate) const fn own_mode(&self) -> Option<Mode> {
        self.mode
    }

    pub(crate) const fn in_outages(&self) -> Outage {
        self.outage
    }

    /// Whether a token is enough for this route.
    pub(crate) fn admits(&self, token: &ValidToken) -> Result<(), Error> {
        let claims = token.claims();
        if !self.audiences.is_empty()
            && !claims.audiences().any(|audience| self.audiences.iter().any(|a| a == audience))
        {
            return Err(Refusal::AudienceMismatch.into());
        }
        let scope = claims.string("scope").unwrap_or_default();
        let has = |wanted: &String| scope.split(' ').any(|scope| scope == wanted);
        if self.scopes.iter().all(has) { Ok(()) } else { Err(Error::ScopeMissing(self.scopes.clone())) }
    }
}

/// Which policy holds for which path: that of the first route that matches.
#[derive(Default)]
pub(crate) struct Policies {
    pub(crate) routes: Vec<(PathPattern, Arc<Policy>)>,
    pub(crate) otherwise: Arc<Policy>,
}
