use super::Follower;
use crate::{CLOCK_MARGIN, Timestamp};

impl Follower {
    /// Looks at the time that is told. If it was set back, how old anything is can no longer be said, so nothing counts until
    /// it has been read again.
    pub(super) fn watch(&mut self, now: Timestamp) {
        if now < self.latest {
            // What goes with its expiry is dead for longer than a minute. If the clock was wrong by more, something may be gone
            // that is alive.
            let has_lost = self.latest.since(now) > CLOCK_MARGIN;
            for shard in &mut self.shards {
                shard.position.distrust(has_lost, now);
                shard.load = None;
            }
            self.root_at = None;
            self.sync = None;
            self.trusted = self.next_sync;
            self.retry_at = now;
        }
        self.latest = now;
    }
}
