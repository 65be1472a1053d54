//! Quash on servers in Rust: a guard for axum, and for whatever else is built on tower, that refuses the tokens whose users have
//! logged out; with the revocations in Redis.
//!
//! In scope: what is done. A layer and a logout as services of tower's, signatures by ring, keys that issuers publish, revocations and
//! their log in Redis, with the keys, rows and scripts that `quash/redis` has in Node.js.
//!
//! Out of scope: what is decided. `quash-engine` judges requests, by what `quash-core` knows of tokens and revocations; this crate
//! is its host, as `quash-edge` is on Cloudflare Workers.
//!
//! ```no_run
//! use axum::{Extension, Router, routing::{get, post_service}};
//! use quash_tower::{Authorized, Config, Quash, RedisStore, Target};
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     let config = r#"{
//!         "max_staleness": 5,
//!         "token": { "cookies": ["session"] },
//!         "logout": { "cookies": [{ "name": "session" }] },
//!         "issuers": [{
//!             "issuer": "https://issuer.example",
//!             "audiences": ["https://api.example"],
//!             "max_lifetime": 3600,
//!             "jwks_uri": "https://issuer.example/jwks.json"
//!         }]
//!     }"#;
//!     let config = Config::from_json(config, |name| std::env::var(name).ok())?; // It wants `QUASH_PEPPER`.
//!     let quash = Quash::new(config, RedisStore::connect("redis://127.0.0.1").await?)?;
//!
//!     let router = Router::new()
//!         .route("/me", get(me))
//!         .layer(quash.layer())
//!         .route("/auth/logout", post_service(quash.logout()));
//!
//!     // Of the server's own accord: log a user out everywhere.
//!     quash.destroy_all(Target::subject("https://issuer.example", "ada")).await?;
//!
//!     axum::serve(tokio::net::TcpListener::bind("127.0.0.1:8080").await?, router).await?;
//!     Ok(())
//! }
//!
//! async fn me(authorized: Extension<Authorized>) -> Vec<u8> {
//!     authorized.claims_json()
//! }
//! ```
//!
//! # Features
//!
//! - `jwks` (default): keys that issuers publish, over HTTPS. Without it, a configuration that wants them is refused.
#![forbid(unsafe_code)]

mod authorized;
mod clock;
mod config;
mod destroy;
mod guard;
mod head;
#[cfg(feature = "jwks")]
mod key_documents;
mod keys;
mod layer;
mod logout;
mod quash;
mod random;

mod respond;
mod store;

pub use authorized::Authorized;
pub use config::Config;
pub use destroy::{DestroyError, Destroyed, Target};
pub use layer::{QuashLayer, QuashService};
pub use logout::LogoutService;
pub use quash::Quash;
pub use quash_core::{Reason, follower::Source as VerdictSource};
pub use quash_engine::{Error, Mode, Outage, Policy, Source, Unrevocable, config::ConfigError};

pub use respond::refusal;
pub use store::{InvalidPrefix, RedisStore};

// What a store does, for our tests, which ask the same of it as of those of Node.js. No promise is made about these.
#[doc(hidden)]
pub use store::{LogRead, StoreError};
