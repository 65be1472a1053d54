//! What of a page is to go at a logout, and how each cookie can be made to.
//!
//! In scope: what a selector selects, what looks like a token, and every write that may delete a cookie. Out of scope, and the
//! npm package's: touching the page, telling the edge and the other tabs, and reporting what became of each effect.

mod cookie;
mod selection;
mod token_text;

pub use cookie::{MAX_DOMAINS, MAX_FOLDERS, Page, expiring_writes};
pub use selection::{OWN_KEYS, Selection};
pub use token_text::contains_token;
