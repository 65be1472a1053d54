//! What it means for a JSON Web Token to be revoked: identity, retention and verdict.
//!
//! In scope: strict parsing of compact JWS (RFC 7515) and JWT claims (RFC 7519), which key may verify a token, what a
//! revocation names and covers, how long it must be kept, whether it hits a given token, and what a browser has to wipe at
//! logout.
//!
//! Out of scope, and why this crate is `no_std`: it has no clock (`now` is always a parameter), does no I/O, draws no random
//! numbers and knows nothing of HTTP or JavaScript. It is asked and answers; where something must be done outside (a
//! signature checked by WebCrypto, a denylist read) it says so with a value, and its host does it. `quash-edge` and
//! `quash-browser` are such hosts.
//!
//! # From text to verdict
//!
//! ```
//! use core::time::Duration;
//! use quash_core::*;
//!
//! let peppers = Peppers::new(vec![Pepper::new(b"a secret of at least 32 bytes, at random")?]).ok_or("no pepper")?;
//! let key = Key::hs256(None, b"thirty-two bytes, or HS256 refuses")?;
//! let issuer = Issuer::new("https://issuer.example", Duration::from_secs(900));
//! let issuers = Issuers::new(vec![(issuer, vec![key])], &peppers)?;
//! let text = concat!(
//!     "eyJhbGciOiJIUzI1NiJ9",
//!     ".eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIiwic3ViIjoiYW5uIiwia",
//!     "nRpIjoiN2YzYSIsImlhdCI6MTc5NTQ2ODgwMCwiZXhwIjoxNzk1NDY5NzAwfQ",
//!     ".cu5Q0J5sTrqZp6cJ_QROTXSmnGquWLinJBQpHk_zk9I",
//! );
//! let now = Timestamp::from_secs(1_795_469_000);
//!
//! // Who signed it? An asymmetric signature would come back as `Verification::Ask`, for WebCrypto to check.
//! let Verification::Verified(token) = issuers.verify(UnverifiedToken::parse(text)?)? else { return Ok(()) };
//!
//! // Its user logs out: this is what a denylist has to keep, and until when.
//! let revocation = token.revocation(Reason::Logout, now).ok_or("dead already")?;
//!
//! // Somebody replays it: in force by its claims, and revoked.
//! let ids = token.validate(now)?.ids();
//! assert!(matches!(ids.verdict(&[]), Verdict::NotRevoked { .. }));
//! assert!(matches!(ids.verdict(&[revocation]), Verdict::Revoked { rule: Rule::Token, .. }));
//! # Ok::<(), Box<dyn core::error::Error>>(())
//! ```
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod algorithm;
mod base64url;
mod claims;
mod client_assertion;
mod entry;
mod event_token;
mod explanation;
#[cfg(test)]
mod fixtures;
pub mod follower;
mod global_revocation;
mod handle;
mod hash;
mod headers;
mod id;
mod issuer;
pub mod json;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
mod lanes;
pub mod ledger;
pub mod logout;
mod logout_token;
mod mac;
mod refresh_token;
mod refusal;
mod retention;
mod revocation;
mod same;
pub mod segment;
mod status_list;
mod status_reference;
mod subject_identifier;
mod target;
mod time;
mod token;
mod validation;
mod verdict;
mod verification;

pub use algorithm::Algorithm;
pub use base64url::decode_base64;
pub use claims::Claims;
pub use client_assertion::ClientAssertion;
pub use entry::InvalidEntry;
pub use event_token::SecurityEventToken;
pub use explanation::{Explanation, Outcome, Step};
pub use handle::{InvalidHandle, RevocationHandle};
pub use headers::Headers;
pub use id::{InvalidId, Namespace, Pepper, Peppers, RevocationId, WeakSecret};
pub use issuer::{HostKey, InvalidIssuers, Issuer, IssuerTerms, Issuers, Key, TokenType};
pub use logout_token::LogoutToken;
pub use refresh_token::{REFRESH_TOKEN_TYPE, RefreshToken};
pub use refusal::{Malformed, Refusal};
pub use retention::{CLOCK_MARGIN, Retention};
pub use revocation::{Cover, Cutoff, Reason, Revocation};
pub use same::is_same;
pub use status_list::{InvalidStatusList, Status, StatusBits, StatusList};
pub use status_reference::StatusReference;
pub use target::Target;
pub use time::Timestamp;
pub use token::{MAX_TOKEN_BYTES, UnverifiedToken};
pub use validation::ValidToken;
pub use verdict::{Rule, TokenIds, Verdict};
pub use verification::{SignatureCheck, Verification, VerifiedToken};
