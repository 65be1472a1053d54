use core::time::Duration;

/// A point in time: whole milliseconds since the Unix epoch, UTC, leap seconds ignored (RFC 7519 section 2, `NumericDate`).
///
/// There is no `now()`: whoever calls this crate owns the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The last second of the year 9999. A later date in a token is an error of its issuer, and refusing it keeps every
    /// sum of a date and a configured duration far from overflow.
    pub const MAX_SECS: u64 = 253_402_300_799;

    /// The time `millis` milliseconds after the epoch.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis)
    }

    /// The time `secs` seconds after the epoch.
    pub const fn from_secs(secs: u64) -> Self {
        Self(secs.saturating_mul(1000))
    }

    /// Milliseconds since the epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Seconds since the epoch, rounded up: whatever is kept until this second is kept long enough.
    pub const fn as_secs_ceil(self) -> u64 {
        self.0.div_ceil(1000)
    }

    /// This time, `duration` later.
    #[must_use]
    pub const fn plus(self, duration: Duration) -> Self {
        // A duration of 5·10⁸ years overflows; saturating then means "never expires", the safe side.
        Self(self.0.saturating_add(duration.as_millis() as u64))
    }

    /// How long after `earlier` this is; zero when it is not.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}
