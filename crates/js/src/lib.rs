//! The engine for JavaScript hosts: a module without imports, and without glue.
//!
//! In scope: getting texts in and out. Out of scope: any decision, which is `quash-engine`'s.
//!
//! A host writes texts, one behind the other, where `input` says, calls an export with their lengths, and reads what came of it from
//! the registers. Its own half is `www/quash/src/edge/engine.ts`.

#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

mod exports;
mod host;
mod pending;
mod registers;
mod texts;
