use std::time::Duration;

use super::Field;
use crate::policy::Mode;

/// What is wrong with `mode = "bounded"` and `mode = "strict"` at an edge without a ledger.
pub(crate) const LEDGER_NEEDED: &str = "needs `ledger`";

/// What is wrong with `mode = "eventual"` on a server.
pub(crate) const NO_WORKERS_KV: &str = "`eventual` is for Workers KV, which a server has none of";

/// Where revocations can be looked for. What is followed is known within that time.
#[derive(Clone, Copy)]
pub(super) enum Place {
    /// In Workers KV alone.
    Kv,
    /// There, and in a ledger that is followed.
    KvAndLedger(Duration),
    /// In a server's store.
    Store(Duration),
}

impl Place {
    pub(super) const fn followed_within(self) -> Option<Duration> {
        match self {
            Self::Kv => None,
            Self::KvAndLedger(bound) | Self::Store(bound) => Some(bound),
        }
    }

    const fn problem_of(self, mode: Mode) -> Option<&'static str> {
        match (self, mode) {
            (Self::Kv, Mode::Bounded | Mode::Strict) => Some(LEDGER_NEEDED),
            (Self::Store(_), Mode::Eventual) => Some(NO_WORKERS_KV),
            _ => None,
        }
    }
}

/// Where revocations are looked for, if the field says so.
pub(super) fn mode(field: &Field<'_, '_>, place: Place) -> Option<Mode> {
    let mode = Mode::ALL[field.choice(&Mode::ALL.map(|(name, _)| name))?].1;
    if let Some(problem) = place.problem_of(mode) {
        field.wrong(&problem);
    }
    Some(mode)
}
