use std::time::Duration;

use quash_core::{follower::Terms, ledger::ShardCount};

use super::Field;

/// A ledger, and how late and how exactly what it has is known.
pub struct Ledger {
    /// The binding of its Durable Objects' namespace.
    pub binding: String,
    /// How late a revocation may be known, and in how many shards they are kept.
    pub terms: Terms,
    /// How many revocations each isolate knows exactly. Of more it knows segments.
    pub exact: u32,
    /// For how many days records of the audit log are kept.
    pub audit_days: u64,
}

/// How many revocations are known exactly where nothing is said: for 16 of the 128 MB that an isolate has.
const EXACT: u32 = 1_000_000;

/// With less, the ledger would make new segments all the time.
const MIN_EXACT: u32 = 1000;

/// For how long records are kept where nothing is said: who asks what happened seldom asks later than in a year. They may be about people, so
/// they end.
const AUDIT_DAYS: u64 = 365;
const MAX_AUDIT_DAYS: u64 = 3650;

/// The longest that a revocation may be unknown: after a minute Workers KV shows it, too.
const MAX_STALENESS_SECS: u64 = 60;

impl Ledger {
    pub(super) fn read(field: &Field<'_, '_>) -> Option<Self> {
        field.table(&["binding", "max_staleness", "shards", "exact", "audit_days"]);
        let mut terms = Terms { max_staleness: max_staleness(&field.member("max_staleness")), ..Terms::default() };
        let shards = field.member("shards");
        if let Some(count) = shards.number() {
            match u8::try_from(count).ok().and_then(ShardCount::new) {
                Some(count) => terms.shards = count,
                None => shards.wrong(&"must be between 1 and 255"),
            }
        }
        let exact = field.member("exact");
        let count = exact.number().map(|count| u32::try_from(count).ok().filter(|count| MIN_EXACT <= *count));
        if count == Some(None) {
            exact.wrong(&"must be between 1000 and 4294967295");
        }
        let audit_days = field.member("audit_days");
        let days = audit_days.number().unwrap_or(AUDIT_DAYS);
        if !(1..=MAX_AUDIT_DAYS).contains(&days) {
            audit_days.wrong(&"must be between 1 and 3650");
        }
        let binding = field.member("binding").text_or("QUASH_LEDGER");
        let exact = count.flatten().unwrap_or(EXACT);
        field.is_there().then_some(Self { binding, terms, exact, audit_days: days })
    }
}

/// How late a revocation may be known.
pub(super) fn max_staleness(field: &Field<'_, '_>) -> Duration {
    match field.number() {
        Some(secs @ 1..=MAX_STALENESS_SECS) => return Duration::from_secs(secs),
        Some(_) => field.wrong(&"must be between 1 and 60 seconds"),
        None => {}
    }
    Terms::default().max_staleness
}
