use std::time::Duration;

use quash_core::{StatusReference, json::Object};

use super::{Field, LEDGER_NEEDED, Server, SigningKey, signing_key};
use crate::status_marks::StatusPlace;

/// The most lists of a deployment: what is lifted is looked for in each of them.
const MAX_LISTS: u64 = 64;

/// How many places a list has, unless it is said, and within which bounds it may have others: among few it is easier to see whose a place
/// is, and the most take 128 KB before they are compressed.
const SIZE: u64 = 1 << 17;
const MIN_SIZE: u64 = 1 << 10;
const MAX_SIZE: u64 = 1 << 20;

/// For how long whoever reads a list may go by it, unless it is said; and the longest, in seconds.
const TTL_SECS: u64 = 300;
const MAX_TTL_SECS: u64 = 24 * 60 * 60;

/// The status lists of an issuer that we publish: those in which its tokens have their places.
pub struct StatusIssuer {
    /// The issuer.
    pub issuer: String,
    /// What they are signed with.
    pub key: SigningKey,
    /// The number of the first.
    first: u64,
    /// How many there are.
    count: u64,
    /// How many places each has.
    pub size: u64,
    /// For how long whoever reads one may go by it.
    pub ttl: Duration,
    /// What their addresses begin with.
    base: String,
}

/// Those of all issuers.
pub(super) fn all(root: &Field<'_, '_>, server: Option<&Server>, has_ledger: bool) -> Vec<StatusIssuer> {
    let mut all: Vec<StatusIssuer> = Vec::new();
    root.member("issuers").each(&mut |issuer| {
        let Some(lists) = StatusIssuer::read(issuer, server, has_ledger) else { return };
        // In a list that they share, one could have the other's tokens taken for revoked.
        if all
            .iter()
            .any(|others| others.first < lists.first + lists.count && lists.first < others.first + others.count)
        {
            issuer.member("status_issuer").member("first").wrong(&"has lists with another issuer's numbers");
        }
        all.push(lists);
    });
    all
}

impl StatusIssuer {
    /// `None` for an issuer whose lists are none of our business.
    pub(super) fn read(issuer: &Field<'_, '_>, server: Option<&Server>, has_ledger: bool) -> Option<Self> {
        let field = issuer.member("status_issuer");
        if !field.is_there() {
            return None;
        }
        let [kid, alg, secret] = signing_key::FIELDS;
        field.table(&[kid, alg, secret, "first", "count", "size", "ttl"]);
        if !has_ledger {
            field.wrong(&format_args!("{LEDGER_NEEDED}"));
        }
        if server.is_none() {
            field.wrong(&"needs `server.url`: tokens name a list by its address");
        }
        let within = |name, default, min, max| {
            let field = field.member(name);
            let number = field.number().unwrap_or(default);
            if !(min..=max).contains(&number) {
                field.wrong(&format_args!("must be between {min} and {max}"));
            }
            number.clamp(min, max)
        };
        let first = within("first", 0, 0, MAX_LISTS - 1);
        Some(Self {
            issuer: issuer.member("issuer").text_or(""),
            key: SigningKey::read(&field)?,
            first,
            count: within("count", 1, 1, MAX_LISTS - first),
            size: within("size", SIZE, MIN_SIZE, MAX_SIZE),
            ttl: Duration::from_secs(within("ttl", TTL_SECS, 1, MAX_TTL_SECS)),
            base: server?.endpoint("status-lists/"),
        })
    }

    /// The numbers of its lists.
    pub fn numbers(&self) -> impl Iterator<Item = u64> + use<> {
        self.first..self.first + self.count
    }

    /// The address of a list: what tokens name it by.
    pub fn uri(&self, list: u64) -> String {
        format!("{}{list}", self.base)
    }

    /// Where in these lists a token with these claims has its place, if it has one there.
    pub(crate) fn place(&self, claims: Object<'_>) -> Option<StatusPlace> {
        let StatusReference { uri, index } = StatusReference::of(claims).ok()??;
        let number = uri.strip_prefix(&self.base)?;
        let list = self.numbers().find(|list| list.to_string() == number)?;
        (index < self.size).then_some(StatusPlace { list, index })
    }
}
