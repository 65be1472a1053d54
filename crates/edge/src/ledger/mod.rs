//! The ledger: revocations in a numbered log, which every isolate follows. A Durable Object keeps each of its shards.
//!
//! Which wrong answer is dangerous: an append that is acknowledged and not durable, or a part of the log without a row that
//! belongs in it, lets a dead session in again. So a row is written before it is known to anybody, the platform lets no answer
//! leave before what was written is durable, and whatever cannot be read is an error and never "no row".

mod audit;
mod client;
mod edition;
mod follow;
mod lift;
mod log;
mod object;
mod requests;
mod sql;
mod status_lists;
mod status_marks;

pub(crate) use client::LedgerClient;
pub(crate) use follow::follow;
pub(crate) use lift::Lifted;
pub use object::LedgerObject;
