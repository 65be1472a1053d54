use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quash_core::Timestamp;

/// The time. Whoever judges by it reads it while they hold the engine, or one thread would take another's clock for set back.
#[expect(clippy::disallowed_methods, reason = "a server has a clock; what decides by it is told the time")]
pub(crate) fn now() -> Timestamp {
    timestamp(SystemTime::now())
}

/// One before 1970 is 1970.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}

pub(crate) fn system_time(time: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(time.as_millis())
}
