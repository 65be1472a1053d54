//! The ledger: a numbered log of revocations in shards, how it is cut, and the bytes in which parts of it travel.
//!
//! In scope: what an append does to a log ([`append`]), and what undoes one ([`lift`]), which rows an answer holds ([`Part`], [`Span`]), in which shard an id
//! is kept ([`ShardCount`], [`ShardHistory`]), and the answer itself ([`Delta`]). Out of scope: where rows are stored and how
//! answers travel, which are a host's, and what is made of them, which is the [`follower`](crate::follower)'s.
//!
//! # The log of a shard
//!
//! One row for each id, with the number (`seq`) of its last change. An append that changes what the row says gives it the
//! next number; one that changes nothing leaves it where it is. Numbers only ever grow: the *head* is the last one that was
//! given, and is stored, since rows go when they have expired. Who has read the log up to a number has seen every row below
//! it, or will see it again above.
//!
//! What a log must keep is its *epoch*, drawn at random with its storage: numbers of another epoch mean nothing. Whoever puts
//! back an old copy of a log has it draw a new one.
//!
//! # Answers that many can share
//!
//! Followers are at different positions, and are to be served by one copy in their data centre's cache. So nobody asks for
//! what is after *his* position: he asks for the [head](Part::Head), which holds everything since the start of the last page
//! but one, or for a [page](Part::Page), which begins at a multiple of [`PAGE`].
//!
//! A full page never gains a row, it only loses some that have moved or expired. An old copy of one says nothing wrong, then,
//! but what moved off it after the copy was made lies above it: each answer tells the head that the log had when it was made,
//! and only who has read up to the highest head that he was told of has everything.
//!
//! # Segments in place of pages
//!
//! A log of many rows is not read from its first page by anybody: its shard publishes [segments](crate::segment) now and
//! then, all of them together an [`Edition`], and whoever has read these goes on with the page that their number is on. An
//! edition is built of all rows that there are, whatever they cover and whenever they were appended; a row that it lacks was
//! appended after its building began, and so has a higher number than the head had then, which is the edition's.

mod append;
mod delta;
mod lift;
mod page;
mod row;
mod shards;

pub use append::{Append, append};
pub use delta::{Delta, Header, InvalidDelta, Rows};
pub use lift::lift;
pub use page::{Edition, MAX_ROWS, PAGE, Part, Span};
pub use shards::{ShardCount, ShardHistory};
