//! Quash at the edge: a token guard with a denylist, for Cloudflare Workers written in Rust.
//!
//! In scope: everything between an HTTP request and a verdict. The routes, which credential a request carries, WebCrypto for
//! the signatures that need it, the denylist in Workers KV, forwarding to the origin, configuration, and the one place where
//! errors become statuses.
//!
//! Out of scope: what a token, a revocation and a verdict are. `quash-core` decides; this crate asks it and acts.
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

mod client;
mod config;
mod cookie;
mod credential;
mod cross_site;
mod error;
mod form;
mod guard;
mod handle;
mod logout;
mod origin;
mod presented;
mod public_path;
mod quash;
mod request;
mod respond;
mod revoke;
mod store;
mod webcrypto;

pub use config::{Config, ConfigError};
pub use credential::Source;
pub use error::Error;
pub use guard::Authorized;
pub use quash::Quash;
pub use store::StoreError;
