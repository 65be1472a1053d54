use alloc::vec::Vec;
use core::time::Duration;

use super::Follower;
use crate::{Revocation, RevocationId, Timestamp, segment::Snapshot};

/// How long it is remembered that the ledger has no more under an id than is known.
const REMEMBERED_FOR: Duration = Duration::from_secs(3600);

/// An id that may be revoked, by a segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The shard to ask.
    pub shard: u8,
    /// For this.
    pub id: RevocationId,
    /// The segment's log, and its edition.
    epoch: u64,
    seq: u64,
}

impl Follower {
    /// Why a token with these ids may be revoked, where they are not [known](Self::lookup) to be: [segments](crate::segment) say so,
    /// each wrongly as often as it says. Nobody may be let in with such an id, nor refused for it, before what their shards have
    /// under it was [told](Self::confirm).
    ///
    /// Where something has been lifted from the ledger, an id may be in doubt though it is known to be revoked: who goes by segments has
    /// not read every row, and one that he has not may say that it is not any more. It is refused if nobody can be asked.
    pub fn doubts(&self, ids: impl IntoIterator<Item = RevocationId>) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        // Usually there are no segments.
        if self.shards.iter().any(|shard| !shard.segments.is_empty()) {
            for id in ids {
                doubts.extend(self.segments_with(id).filter(|_| !self.live.is_whole(&id, self.history.is_pinned())));
            }
        }
        doubts
    }

    /// Takes what the shards of these doubts have under their ids: all of their answers. Whatever was published since they were asked
    /// may know of something else, and the doubt remains.
    pub fn confirm(&mut self, doubts: &[Doubt], rows: &[Revocation], now: Timestamp) {
        self.told(rows, now);
        for Doubt { id, .. } in doubts {
            if self.segments_with(*id).all(|doubt| doubts.contains(&doubt)) {
                self.live.complete(id, self.history.is_pinned(), now.plus(REMEMBERED_FOR), now);
            }
        }
    }

    /// How many revocations are known, exactly or by segments.
    pub fn len(&self) -> usize {
        self.live.len() + self.shards.iter().map(|shard| shard.segments.len()).sum::<usize>()
    }

    /// Whether none are.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn segments_with(&self, id: RevocationId) -> impl Iterator<Item = Doubt> {
        self.shards.iter().filter_map(move |shard| {
            let &Snapshot { shard, epoch, seq, .. } = shard.segments.find(&id)?.snapshot();
            Some(Doubt { shard, id, epoch, seq })
        })
    }
}
