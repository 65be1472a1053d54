//! Many data centres with a ledger, simulated from a seed: isolates with clocks of their own, caches, messages that are late,
//! lost, doubled and overtaken, shards that fail and start again, users who log in and out.
//!
//! The follower is the core's own, as is how a log is cut and merged; everything around it is a model. After each step it is
//! checked that
//!
//! - **P1** no revocation that is durable is unknown for longer than the bound, to any request that is decided by it;
//! - **P3** the ledger has every entry for as long as anything lives that it covers;
//! - **P4** what was acknowledged is in the ledger;
//! - no token is refused as revoked that nobody revoked, nor, once that is known, one of which that was undone.
//!
//! Out of scope: HTTP, Workers and Durable Objects themselves (`tests/edge`), and the tokens' cryptography (`quash-core`).
//!
//! A run has a plan: what people and operators do, and what breaks, each drawn from the seed. Whatever comes of an action
//! draws from the luck of that action, so that a plan of which most has been left out goes on in the same way: so a failing
//! one is [shrunk].

mod cache;
mod doubt;
mod editions;
mod host;
mod kv;
mod ledger;
mod lifting;
mod luck;
mod people;
mod plan;
mod shrink;
mod tally;
mod world;
mod writing;

pub use host::Breakage;
pub use plan::{Plan, Planned, Setup};
pub use shrink::{Story, shrunk};
pub use tally::Tally;
pub use world::{Failure, World};

/// One run of so many steps.
///
/// # Errors
/// What was promised and did not hold.
pub fn run(seed: u64, steps: u64, breakage: Breakage, tally: &mut Tally) -> Result<(), Failure> {
    let setup = Setup::new(seed);
    World::new(setup, breakage).run(Plan::new(setup), steps, tally)
}
