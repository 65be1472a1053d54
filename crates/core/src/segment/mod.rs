//! Segments: immutable, approximate sets of revocations, for more of them than an isolate can hold exactly.
//!
//! In scope: the bytes of a segment, how they are made from a shard's rows, how they are cut and put together again, and the
//! look-up. Out of scope: which rows go into which segment, where segments are kept, and what is asked after a "yes", which
//! are a host's.
//!
//! # Which answer can be wrong
//!
//! "No" is certain: a false one would bring a session that has ended back to life. So there is none for any id that was built
//! in, and bytes that are not exactly what was built are refused. "Yes" is wrong for about one id in
//! [`one_in`](Rate::one_in), and nobody may be refused by it before the ledger has been asked.
//!
//! # How it is laid out
//!
//! An id is a MAC, as good as a random number, so it is cut down to a number below `one_in` times the count of ids: the chance
//! that an absent id meets one of them is one in `one_in`. (By its first 64 bits, taken for a fraction of all ids that the shard
//! keeps: so the order of ids, in which a database gives them, is that of the numbers.) What is kept is the sorted list of these
//! numbers, Rice coded: the lower bits as they are, and the rest, the quotient, as how much it differs from the one before, in
//! unary. At one in 4096 that takes 14 bits for each.
//!
//! A difference is taken between quotients, not between numbers, and both halves are kept apart: the quotients of a bucket are
//! one run of bits, in which an entry is a one and each step to the next quotient a zero. (That is how Elias and Fano code
//! sets.) So a look-up sums nothing: it counts the zeros, 64 bits at a time, and compares about one number. With differences
//! of whole numbers a segment would be 3 % smaller, and a look-up would have to decode half a bucket.
//!
//! Every 256 quotients begin a bucket. An index tells how many entries come before each; where its bits begin follows from
//! that.
//!
//! ```text
//! magic        4 bytes: "QSG", version 1
//! identity    16: the first half of SHA-256 of all that follows
//! shard        1: whose rows it holds,
//! shards       1: where there are so many shards
//! epoch        8: of the shard's log,
//! seq          8: as of this number
//! from         5: it holds the rows that expire from then on,
//! before       5: and before then; in seconds since the epoch
//! one in       4: how many absent ids there are for each that is taken for a member
//! expected     4: for how many ids it was built
//! count        4: how many numbers there are
//! index        4 for each bucket, and one more: how many numbers come before it
//! buckets      the bits of each: its quotients, its lower bits; the lowest bit of a byte comes first
//! padding      7 bytes of zero, so that eight can be read from wherever a bit is
//! ```
//!
//! The header's numbers are big-endian, as in a [`Delta`](crate::ledger::Delta). The index, which a look-up reads, is
//! little-endian, as the machine is that reads it.

mod bits;
mod builder;
mod header;
mod loading;
mod lookup;
mod shape;
#[cfg(test)]
mod tests;

pub use builder::{Builder, Unfit};
pub use header::{InvalidSegment, Rate, Snapshot};
pub use loading::{Loading, chunks};
pub use lookup::Segment;

/// How long a segment may be: half of the memory that an isolate has, for 38 million revocations at the usual rate.
pub const MAX_BYTES: usize = 64 << 20;

/// How much of a segment is kept under one key: values of Workers KV may have 25 MiB.
pub const MAX_CHUNK_BYTES: usize = 24 << 20;
