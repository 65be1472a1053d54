use core::time::Duration;

use crate::ledger::ShardCount;

/// What a follower promises, and what it relies on for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// How long after its acknowledgement a revocation may at most be unknown.
    pub max_staleness: Duration,
    /// How far apart the clocks of a data centre's machines may be.
    pub clock_skew: Duration,
    /// The shards that the configuration tells of. There may be more, if the root says so.
    pub shards: ShardCount,
}

/// What happens to a request while nothing fresh enough can be had.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenStale {
    /// It is refused: 503, with `Retry-After`.
    #[default]
    Closed,
    /// It is decided by what was last known, while that is no older than this; then it is refused. Whatever was revoked since
    /// is let in.
    LastKnownGood(Duration),
    /// It is let in unless what is known, however old, says otherwise: whatever was revoked since is let in for as long as
    /// this lasts.
    DangerOpen,
}

/// What a verdict rests on. Of Workers KV, and of an isolate alone, no follower speaks: those are for hosts to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The ledger, within `max_staleness`.
    Fresh,
    /// Workers KV, where nothing better is asked for.
    Kv,
    /// What the isolate knows anyway, where nothing else is asked for.
    Isolate,
    /// The ledger, as it was so long ago.
    LastKnownGood(Duration),
    /// Workers KV, in the ledger's place.
    KvFallback,
    /// Nothing that anybody vouches for.
    None,
}

impl Terms {
    /// The least bound. Up to three quarters of it pass before the ledger is read again: then the answer has 250 ms.
    pub const MIN_STALENESS: Duration = Duration::from_secs(1);

    /// A bound of `max_staleness`; `None` below [`MIN_STALENESS`](Self::MIN_STALENESS).
    pub fn within(max_staleness: Duration) -> Option<Self> {
        (max_staleness >= Self::MIN_STALENESS).then_some(Self { max_staleness, ..Self::default() })
    }
}

impl Default for Terms {
    fn default() -> Self {
        Self { max_staleness: Duration::from_secs(5), clock_skew: Duration::from_millis(200), shards: ShardCount::ONE }
    }
}

impl Source {
    /// For labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Kv => "kv",
            Self::Isolate => "isolate",
            Self::LastKnownGood(_) => "last_known_good",
            Self::KvFallback => "kv_fallback",
            Self::None => "none",
        }
    }

    /// Whether it is less than what is asked for while nothing is wrong.
    pub const fn is_degraded(self) -> bool {
        matches!(self, Self::LastKnownGood(_) | Self::KvFallback | Self::None)
    }
}
