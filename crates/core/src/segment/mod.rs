//! Segments: immutable, approximate sets of revocations, for more of them than an isolate can hold exactly.
//!
//! In scope: the bytes of a segment, how they are made from the ids of a shard's log, and the look-up. Out of scope: when
//! segments are made, where they are kept, and what is asked after a "yes", which are a host's.
//!
//! # Which answer can be wrong
//!
//! "No" is certain: a false one would bring a session that has ended back to life. So there is none for any id that was built
//! in, and bytes that are not exactly what was built are refused. "Yes" is wrong for about one token in
//! [`one_in`](Segment::one_in), and nobody may be refused by it before the ledger has been asked.
//!
//! # Slices and tables
//!
//! What a shard's log has as of one number is up to 64 segments, one for each [`Slice`] of all ids. Each is loaded in one
//! piece, and replaced by itself.
//!
//! In a segment there is one table for each [kind](crate::RevocationId::kind) of id that it has, and an id is looked up in its own
//! only. A token has about one id of each kind, so it may be taken for revoked once by each table; but a table of few ids
//! takes few for its own. All tables together are wrong about one token in `one_in`, whatever the mix of kinds is.
//!
//! # How a table is laid out
//!
//! An id is a MAC, as good as a random number, so it is cut down to a number below R: `one_in` times the count of the segment's
//! ids, of all kinds. The chance that an absent id meets one of a table's n is n in R, and the sum over all tables is one in
//! `one_in`. (The number is how far into the slice the id lies, by its first 64 bits: so it has the order of ids.) What is kept is
//! the sorted list of these numbers, Rice coded: the lower bits as they are, ⌊log₂(R / n)⌋ of them, and the rest, the quotient, as
//! how much it differs from the one before, in unary. At one in 4096 an id takes 14.12 bits where all are of one kind. Otherwise
//! it takes H more on average, the entropy of the mix: one bit where one half is of another kind, two where four kinds are as
//! frequent.
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
//! shard        1: whose log it is of,
//! slice        1: which of its ids,
//! epoch        8: the log's epoch,
//! seq          8: as of this number
//! one in       4: how many tokens there are for each that is taken for revoked and is not
//! tables       1: how many there are
//!
//! of each table, in the order of kinds:
//! kind         1
//! count        4: how many ids there are, not 0
//!
//! of each table again:
//! index        4 for each bucket, and one more: how many entries come before it
//! buckets      the bits of each: its quotients, its lower bits; the lowest bit of a byte comes first
//!
//! padding      7 bytes of zero, so that eight can be read from wherever a bit is
//! ```
//!
//! The header's numbers are big-endian, as in a [`Delta`](crate::ledger::Delta). The index, which a look-up reads, is
//! little-endian, as the machine is that reads it.

use core::num::NonZeroU32;

mod bits;
mod builder;
mod header;
mod layout;
mod lookup;
mod shape;
mod slice;
mod table;
#[cfg(test)]
mod tests;

pub use builder::{Builder, Unfit};
pub use header::{InvalidSegment, Snapshot};
pub use lookup::Segment;
pub use slice::Slice;

/// The usual rate: one token in 4096 is taken for revoked and is not, at 14.12 bits an id.
pub const ONE_IN: NonZeroU32 = NonZeroU32::MIN.saturating_add(4095);

/// How long a segment may be: a value of SQLite in a Durable Object may have 2 MB, with all of its row.
pub const MAX_BYTES: usize = 1_900_000;

/// How many ids a segment may have: at the usual rate, and of one kind, they just fit (2²⁰ × 14.12 / 8 = 1 850 737 bytes). In 64
/// slices that is 67 million revocations.
pub const MAX_IDS: usize = 1 << 20;

/// The kinds that an id can tell.
const KINDS: usize = 16;
