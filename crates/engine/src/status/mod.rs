//! The status lists that issuers publish (Token Status List, draft-ietf-oauth-status-list): whose are checked, where they may be read,
//! and what is known of them. Does no I/O, as everything here.

mod list;
mod lists;
mod reading;
mod terms;

pub(crate) use list::MIN_LIFETIME;
pub(crate) use lists::StatusLists;
pub use reading::{Deflated, ListCheck, Taken};
pub(crate) use terms::{PlaceInList, StatusTerms, problem};

#[cfg(test)]
mod tests;
