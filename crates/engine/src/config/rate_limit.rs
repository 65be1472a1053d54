use std::time::Duration;

use super::Field;

/// What Workers' rate limits count for, where nothing is said, in seconds: the longer of the two periods that they have.
const PERIOD_SECS: u64 = 60;

/// How many requests of one sender may fail.
pub struct RateLimit {
    /// The binding that counts them.
    pub binding: String,
    /// For how long it does.
    pub period: Duration,
}

impl RateLimit {
    pub(super) fn read(field: &Field<'_, '_>) -> Option<Self> {
        field.table(&["binding", "period"]);
        let period = field.member("period");
        // Of the binding nobody can ask which one it has.
        let secs = period.number().unwrap_or(PERIOD_SECS);
        if ![10, PERIOD_SECS].contains(&secs) {
            period.wrong(&"must be what the binding has: 10 or 60 seconds");
        }
        let binding = field.member("binding").text_or("QUASH_RATE_LIMIT");
        field.is_there().then(|| Self { binding, period: Duration::from_secs(secs) })
    }
}
