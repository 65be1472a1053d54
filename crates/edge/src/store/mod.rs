//! The denylist: what is written at a logout, and read on each request.
//!
//! Which wrong answer is dangerous: an entry that is there and is not found lets a dead session in again, so whatever cannot be
//! read is an error and never "no entry". An entry found that nobody wrote logs a live user out. A slow answer is merely slow.

mod denylist;
mod kv;
mod nearby;

use quash_core::Revocation;
use quash_engine::Error;

pub(crate) use denylist::Denylist;
pub(crate) use kv::KvDenylist;

/// What is known under some ids.
#[derive(Default)]
pub(crate) struct Lookup {
    /// The entries found. There may be several for one id; each is right.
    pub(crate) entries: Vec<Revocation>,
    /// Why there may be others that were not found: no entry then means nothing.
    pub(crate) outage: Option<StoreError>,
}

/// The denylist could not be read or written. Nothing is known about what was asked, and nothing that was to be written may be
/// acknowledged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the denylist did not {doing}: {cause}")]
pub struct StoreError {
    doing: &'static str,
    cause: String,
}

impl StoreError {
    pub(crate) fn read(cause: impl ToString) -> Self {
        Self { doing: "answer", cause: cause.to_string() }
    }

    pub(crate) fn write(cause: impl ToString) -> Self {
        Self { doing: "take a revocation", cause: cause.to_string() }
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::StoreUnavailable(error.to_string())
    }
}
