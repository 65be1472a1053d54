//! What every isolate knows of the ledger.
mod live_set;
mod shelves;

pub use live_set::{Known, LiveSet};
