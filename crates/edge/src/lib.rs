//! Quash at the edge: a token guard with a denylist, for Cloudflare Workers written in Rust.
//!
//! In scope: what is done. The routes, WebCrypto for the signatures that need it, the denylist in Workers KV, reading what
//! issuers publish, forwarding to the origin.
//!
//! Out of scope: what is decided. `quash-engine` judges requests, by what `quash-core` knows of tokens and revocations; this crate
//! is its host.
//!
//! ```no_run
//! use std::{cell::OnceCell, rc::Rc};
//!
//! use quash_edge::Quash;
//! use worker::{Context, Env, Request, Response, Result, event};
//!
//! thread_local! {
//!     static QUASH: OnceCell<Rc<Quash>> = const { OnceCell::new() };
//! }
//!
//! #[event(fetch)]
//! async fn fetch(request: Request, env: Env, _: Context) -> Result<Response> {
//!     // One for the isolate. Its configuration is the table `QUASH` of wrangler.toml's vars; see docs/configuration.md.
//!     let quash = match QUASH.with(|quash| quash.get().cloned()) {
//!         Some(quash) => quash,
//!         None => {
//!             let quash = Rc::new(Quash::from_env(&env).map_err(|error| error.to_string())?);
//!             QUASH.with(|cell| cell.get_or_init(|| quash).clone())
//!         }
//!     };
//!     quash.fetch(request).await
//! }
//! # fn main() {}
//! ```

mod authorized;
mod client;
mod cross_site;
mod form;
mod guard;
mod handle;
mod key_documents;
mod logout;
mod origin;
mod presented;
mod quash;
mod request;
mod respond;
mod revoke;
mod store;
mod wait_until;
mod webcrypto;

pub use authorized::Authorized;
pub use quash::Quash;
pub use quash_engine::{Error, Lookup, Outage, Policy, Source, config::ConfigError};
pub use respond::refusal;
