//! The guard in a real axum server, over TCP on loopback, with a real Redis.

mod app;
mod client;
mod destroy;
mod follow;
mod guard;
mod keys;
mod logout;
mod outage;
mod races;
mod redis;
mod tokens;
