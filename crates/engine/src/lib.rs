//! What Quash decides about a request.
//!
//! In scope: everything between a request's head and whether it may pass. The configuration, which credential a request
//! carries, which policy its path has, whose keys there are and when they are read again, which tokens were verified a
//! moment ago, what this isolate revoked, and the answer to whoever is refused.
//!
//! Out of scope: any I/O, like in `quash-core`, which knows what tokens and revocations are. An [`Engine`] is told the time and
//! what happens, and answers with the one thing that its host has to do next: a few lines of TypeScript around WebAssembly,
//! `quash-edge` in Workers that are written in Rust, or `quash-tower` on servers.

pub mod admin;
pub mod config;
pub mod ledger;

mod accept;
mod answer;
mod cookie;
mod credential;
mod cross_site;
mod denylist;
mod edge;
mod engine;
mod error;
mod form;
mod handles;
mod health;
mod json_object;
mod keys;
mod label;
mod logout;
mod look_up;
mod memory;
mod note;
mod passed_on;
mod path;
mod policy;
mod presented;
mod redirect;
mod request;
mod revocations;
mod status;
mod status_marks;
mod store;
mod trust;
mod wanted;

pub use accept::{quality, quality_of_named};
pub use answer::{Answer, CODE, HEADERS};
pub use cookie::Cookie;
pub use credential::{Credential, Source, bearer_token, credentials};
pub use cross_site::Provenance;
pub use denylist::{NEARBY, STORE_TIMEOUT, denylist_key, from_lines, merged, read_key, to_lines};
pub use engine::{Checking, Due, Engine, Step, Verifying};
pub use error::Error;
pub use form::{Form, is_of_type};
pub use handles::{open_handles, seal_handles};
pub use health::Health;
pub use json_object::{JsonObject, json_array, quoted};
pub use keys::{Fetch, Fetched, Filed, Jwk, Keep, KeyOrigin, PublicKey, WebCryptoAlgorithm};
pub use label::label;
pub use logout::{Ends, Logout, Scope, TokenKind};
pub use look_up::{LookUp, Question};
pub use memory::{Remembered, TokenMemory};
pub use note::{Level, Note};
pub use passed_on::{AsHeaders, CLAIMS, SOURCE, Sender, pass_on};
pub use policy::{Mode, Outage, Policy};
pub use presented::Presented;
pub use redirect::{Redirect, Redirects};
pub use request::{Access, Endpoint, Head, Route};
pub use revocations::{EdgeRevocations, LedgerRead, LogPart, Revocations, StoreLookUp, StoreRevocations};
pub use status::{Deflated, ListCheck, Taken};
pub use status_marks::{StatusMark, StatusPlace};
pub use trust::{Signer, Trust};
pub use wanted::{Unrevocable, Wanted};
