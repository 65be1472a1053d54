//! What Quash decides about a request.
//!
//! In scope: everything between a request's head and whether it may pass. The configuration, which credential a request
//! carries, which policy its path has, whose keys there are and when they are read again, which tokens were verified a
//! moment ago, what this isolate revoked, and the answer to whoever is refused.
//!
//! Out of scope: any I/O, like in `quash-core`, which knows what tokens and revocations are. An [`Engine`] is told the time and
//! what happens, and answers with the one thing that its host has to do next: a few lines of TypeScript around WebAssembly,
//! or `quash-edge` in Workers that are written in Rust.

pub mod config;
pub mod ledger;

mod answer;
mod cookie;
mod credential;
mod denylist;
mod engine;
mod error;
mod health;
mod json_object;
mod keys;
mod label;
mod look_up;
mod memory;
mod path;
mod policy;
mod request;
mod revocations;
mod trust;

pub use answer::{Answer, HEADERS};
pub use cookie::ExpiredCookie;
pub use credential::{Credential, Source, credentials};
pub use denylist::{NEARBY, STORE_TIMEOUT, denylist_key, from_lines, read_key, to_lines};
pub use engine::{Checking, Due, Engine, Step, Verifying};
pub use error::Error;
pub use health::Health;
pub use json_object::{JsonObject, json_array, quoted};
pub use keys::{Fetch, Fetched, Filed, Jwk, Keep, KeyOrigin, PublicKey, WebCryptoAlgorithm};
pub use label::label;
pub use look_up::{LookUp, Question};
pub use memory::{Remembered, TokenMemory};
pub use policy::{Mode, Outage, Policy};
pub use request::{Endpoint, Head, Route};
pub use revocations::LedgerRead;
pub use trust::{Signer, Trust};
