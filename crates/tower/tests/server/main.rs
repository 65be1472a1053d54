//! The guard in a real axum server, over TCP on loopback, with a real Redis.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that panics has failed, as it should"
)]

mod app;
mod client;
mod destroy;
mod follow;
mod guard;
mod keys;
mod logout;
mod outage;
mod redis;
mod status_lists;
mod tokens;
