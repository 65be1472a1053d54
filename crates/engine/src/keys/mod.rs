//! The keys that hosts verify with: configured, or published by their issuer.

mod document;
mod host_keys;
mod jwk_set;
mod key_set;
mod public_key;
pub(crate) mod source;
mod webcrypto;

pub use document::{Fetch, Fetched, Keep};
pub(crate) use host_keys::HostKeys;
pub use host_keys::{Filed, KeyOrigin};
pub(crate) use key_set::{KeySet, Unknown};
pub use public_key::{Jwk, PublicKey};
pub use webcrypto::WebCryptoAlgorithm;
