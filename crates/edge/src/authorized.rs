use std::{fmt, sync::Arc};

use quash_engine::{Policy, Source};

/// A request that may pass, and whose it is.
#[derive(Clone)]
pub struct Authorized {
    pub(crate) source: Source,
    pub(crate) token: String,
    pub(crate) policy: Arc<Policy>,
    /// The engine's when it was decided.
    pub(crate) version: u32,
}

impl Authorized {
    /// Where the request carried its token.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// The verified token.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The verified token's payload: base64url of its claims, as the issuer signed them.
    pub fn claims(&self) -> &str {
        self.token.split('.').nth(1).unwrap_or_default()
    }
}

impl fmt::Debug for Authorized {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authorized").field("source", &self.source).finish_non_exhaustive()
    }
}
