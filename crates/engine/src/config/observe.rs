use super::Field;
use crate::note::Level;

/// What is told of requests, to a log and to whoever counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observe {
    /// What goes to the log: this, and what matters more.
    pub log: Level,
    /// The binding of an Analytics Engine data set; empty where there is none.
    pub analytics: String,
    /// Whether our answers tell how long they took.
    pub server_timing: bool,
}

impl Observe {
    pub(super) fn read(field: &Field<'_, '_>) -> Self {
        field.table(&["log", "analytics", "server_timing"]);
        let log = field.member("log").choice(&Level::ALL.map(Level::name));
        Self {
            log: log.and_then(|index| Level::ALL.get(index).copied()).unwrap_or(Level::Notable),
            analytics: field.member("analytics").text_or(""),
            server_timing: field.member("server_timing").is_true(),
        }
    }
}
