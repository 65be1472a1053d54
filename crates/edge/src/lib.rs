//! Quash at the edge: a token guard with a denylist, for Cloudflare Workers written in Rust.
//!
//! In scope: what is done. The routes, WebCrypto for the signatures that need it, the denylist in Workers KV, reading what
//! issuers publish, forwarding to the origin.
//!
//! Out of scope: what is decided. `quash-engine` judges requests, by what `quash-core` knows of tokens and revocations; this crate
//! is its host.
//!
//! In front of an origin, it is one line:
//!
//! ```no_run
//! use quash_edge::Quash;
//! use worker::{Context, Env, Request, Response, Result, event};
//!
//! #[event(fetch)]
//! async fn fetch(request: Request, env: Env, _: Context) -> Result<Response> {
//!     // Its configuration is the table `QUASH` of wrangler.toml's vars; see docs/configuration.md.
//!     Quash::shared(&env)?.fetch(request).await
//! }
//! # fn main() {}
//! ```
//!
//! A handler that does the rest itself asks for a verdict, and may have a policy for each of its paths:
//!
//! ```no_run
//! use quash_edge::{Authorized, Policy, Quash, refusal};
//! use worker::{Context, Env, Request, Response, Result, event};
//!
//! #[event(fetch)]
//! async fn fetch(request: Request, env: Env, _: Context) -> Result<Response> {
//!     let quash = Quash::shared(&env)?;
//!     if quash.is_endpoint(&request) {
//!         return quash.fetch(request).await; // A logout, and what else Quash answers itself.
//!     }
//!     let policy = match request.path().as_str() {
//!         "/accounts" => Policy::new().audience("https://accounts.example").scope("accounts:write"),
//!         "/news" => Policy::new().optional(),
//!         _ => Policy::new(),
//!     };
//!     let authorized = match quash.authorize_with(&request, policy).await {
//!         Ok(authorized) => authorized,
//!         Err(error) => return refusal(&error),
//!     };
//!     let response = answer(request, authorized.as_ref()).await?;
//!     // The user may have logged out while it was made.
//!     match quash.confirm(authorized.as_ref()) {
//!         Ok(()) => Ok(response),
//!         Err(error) => refusal(&error),
//!     }
//! }
//!
//! async fn answer(_: Request, authorized: Option<&Authorized>) -> Result<Response> {
//!     // What the issuer signed, in base64url.
//!     Response::ok(authorized.map_or("nobody", Authorized::claims))
//! }
//! # fn main() {}
//! ```
//!
//! An axum router has it as a layer: see `Quash::layer`, with the feature `tower`.
//!
//! Build such a Worker with SIMD, which every server that runs Workers has, and the core for speed, even where the rest is built
//! for size.
//!
//! ```toml
//! # .cargo/config.toml
//! [target.wasm32-unknown-unknown]
//! rustflags = ["-Ctarget-feature=+simd128"]
//!
//! # Cargo.toml
//! [profile.release.package.quash-core]
//! opt-level = 3
//! ```

mod admin;
mod authorized;
mod backchannel_logout;
mod body;
mod client;
mod endpoints;
mod global_revocation;
mod guard;
mod handle;
mod introspect;
mod key_documents;
#[cfg(feature = "tower")]
mod layer;
mod ledger;
mod logout;
mod metadata;
mod observer;
mod origin;
mod passed_on;
mod presented;
mod quash;
mod rate_limit;
mod request;
mod respond;
mod revoke;
mod security_event;
mod signal;
mod signer;
mod status_list;
mod store;
mod token;
mod wait_until;
mod webcrypto;
mod within;

pub use authorized::Authorized;
#[cfg(feature = "tower")]
pub use layer::{QuashLayer, QuashService};
pub use ledger::LedgerObject;
pub use quash::Quash;
pub use quash_core::follower::Source as VerdictSource;
pub use quash_engine::{Error, Mode, Outage, Policy, Source, config::ConfigError};
pub use respond::refusal;
