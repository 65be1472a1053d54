//! Quash for servers in JavaScript: what a denylist says about tokens that they verify themselves.
//!
//! In scope: by which names a token can have been revoked, what its revocation is and how long it is kept, what two revocations
//! of one thing come to, following the log of a store, and the verdict. Out of scope, and the npm package's: signatures, which
//! Node.js checks, the options of a verification, and every store.
//!
//! A module without imports, and without glue: each denylist has an instance of its own, which can be replaced. It does no I/O. It says
//! what is to be read or looked up, and is told what came of it.

#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

mod denylist;
mod exports;
mod host;
mod issuers;
mod options;
mod wanted;
