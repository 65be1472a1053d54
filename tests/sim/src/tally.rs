/// What was counted in any number of runs.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tally {
    /// Actions, and messages that arrived.
    pub steps: u64,
    /// Requests that were told yes or no.
    pub decided: u64,
    /// Of those, the ones that did not have to wait.
    pub at_once: u64,
    /// Of those, the ones that were told that their token is revoked.
    pub revoked: u64,
    /// Requests that were answered 503.
    pub refused: u64,
    /// Reads of Workers KV: those of a route that has it for the time without the ledger.
    pub store_reads: u64,
    /// Reads that reached the ledger.
    pub ledger_reads: u64,
    /// Of those, the ones that reached the root.
    pub root_reads: u64,
    /// Look-ups of what a segment may have, of requests that waited for them.
    pub confirmations: u64,
    /// Revocations that were undone.
    pub lifted: u64,
    /// Segments that isolates have read.
    pub segments: u64,
    /// Reads that a copy in a data centre's cache has answered.
    pub cache_reads: u64,
    /// Milliseconds that passed, times data centres, times half the bound: how many intervals there were.
    pub intervals: f64,
    /// The longest that a revocation was unknown to a request that was decided by the ledger: its share of the bound.
    pub staleness: f64,
    /// The same in milliseconds.
    pub staleness_ms: f64,
}

impl Tally {
    /// Adds what another one has counted.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.decided += other.decided;
        self.at_once += other.at_once;
        self.revoked += other.revoked;
        self.refused += other.refused;
        self.store_reads += other.store_reads;
        self.ledger_reads += other.ledger_reads;
        self.root_reads += other.root_reads;
        self.confirmations += other.confirmations;
        self.lifted += other.lifted;
        self.segments += other.segments;
        self.cache_reads += other.cache_reads;
        self.intervals += other.intervals;
        self.staleness = self.staleness.max(other.staleness);
        self.staleness_ms = self.staleness_ms.max(other.staleness_ms);
    }
}
