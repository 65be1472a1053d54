use std::sync::Arc;

use quash_core::{Refusal, ValidToken};

use crate::{error::Error, path::PathPattern};

/// What a route wants of a request, besides a token that is in force and not revoked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    audiences: Vec<String>,
    scopes: Vec<String>,
    optional: bool,
    lookup: Lookup,
    outage: Outage,
}

/// Where a route looks for revocations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Lookup {
    /// In the deployment's denylist.
    #[default]
    Denylist,
    /// In what this isolate has revoked itself, and nowhere else: a request costs no look-up, and a token that was revoked
    /// elsewhere passes until it dies. For what anybody may keep who has seen it once.
    DangerIsolate,
}

/// What becomes of a request whose token cannot be looked up in the denylist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outage {
    /// It is refused: 503, with `Retry-After`.
    #[default]
    Closed,
    /// It passes, unless this isolate knows of a revocation itself.
    DangerOpen,
}

impl Policy {
    /// Nothing more than that.
    pub const fn new() -> Self {
        Self {
            audiences: Vec::new(),
            scopes: Vec::new(),
            optional: false,
            lookup: Lookup::Denylist,
            outage: Outage::Closed,
        }
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

    /// Where revocations are looked for.
    #[must_use]
    pub const fn lookup(mut self, lookup: Lookup) -> Self {
        self.lookup = lookup;
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

    pub(crate) const fn asks_denylist(&self) -> bool {
        matches!(self.lookup, Lookup::Denylist)
    }

    pub(crate) const fn is_open_in_outages(&self) -> bool {
        matches!(self.outage, Outage::DangerOpen)
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
