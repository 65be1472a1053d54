//! How a revocation that was a mistake is undone: an operator looks at what there is of an id, and lifts that.

use quash_core::{Revocation, RevocationId, ledger::ShardHistory};

use crate::{
    host::Breakage,
    luck::Luck,
    plan::time,
    world::{Message, World},
};

/// How often an operator tries each part of it.
const TRIES: u8 = 20;

/// What is to be lifted, on its way.
#[derive(Clone)]
pub(crate) struct Lifting {
    user: usize,
    id: RevocationId,
    /// The count of shards by which it was begun, and those in which is still to be looked.
    count: u8,
    unseen: Vec<u8>,
    seen: Option<Revocation>,
    /// Whether the root knows of it.
    is_pinned: bool,
    tries: u8,
    luck: Luck,
}

impl World {
    pub(crate) fn begin_lifting(&mut self, user: usize, id: RevocationId, luck: Luck) {
        let Some(history) = self.shards[0].history.clone() else { return };
        let lifting = Lifting {
            user,
            id,
            count: history.current().get(),
            unseen: history.shards_of(&id).collect(),
            seen: None,
            is_pinned: false,
            tries: 0,
            luck,
        };
        self.send_lifting(lifting);
    }

    fn send_lifting(&mut self, mut lifting: Lifting) {
        match self.travel(&mut lifting.luck) {
            Some(after) => self.send(after, Message::Lift(lifting)),
            None => self.lift_again(lifting),
        }
    }

    fn lift_again(&mut self, mut lifting: Lifting) {
        if lifting.tries < TRIES {
            lifting.tries += 1;
            let after = lifting.luck.between(300, 1500);
            self.send(after, Message::Lift(lifting));
        }
    }

    /// It arrives where it goes next: at a shard that may have something, at the root, and at the shard in force.
    pub(crate) fn lift(&mut self, mut lifting: Lifting) {
        let Lifting { user, id, count, .. } = lifting;
        let next = lifting.unseen.last().copied();
        let shard = next.unwrap_or_else(|| if lifting.is_pinned { self.shard_in_force(&id) } else { 0 });
        let shard = &mut self.shards[usize::from(shard)];
        if shard.down_until > self.now {
            return self.lift_again(lifting);
        }
        if next.is_some() {
            lifting.unseen.pop();
            let row = shard.seal(&id, count);
            lifting.seen = lifting.seen.map_or(row, |seen| Some(row.map_or(seen, |row| seen.merge(row))));
            return self.send_lifting(lifting);
        }
        let Some(seen) = lifting.seen else { return };
        if !lifting.is_pinned {
            if !shard.pin(count) && self.breakage != Breakage::RaisesIgnored {
                return self.begin_lifting(user, id, lifting.luck);
            }
            lifting.is_pinned = true;
            return self.send_lifting(lifting);
        }
        if shard.lift(&seen, time(self.now), self.breakage) {
            self.tally.lifted += 1;
            self.users[user].is_lifted(&seen, self.now);
            self.note(|| format!("what user {user} had revoked under {id} is lifted"));
        }
        // And it may come twice.
        if lifting.luck.one_in(self.setup.unreliable) && lifting.tries < TRIES {
            lifting.tries = TRIES;
            let after = lifting.luck.below(5000);
            self.send(after, Message::Lift(lifting));
        }
    }

    fn shard_in_force(&self, id: &RevocationId) -> u8 {
        self.shards[0].history.as_ref().map(ShardHistory::current).map_or(0, |count| count.shard_of(id))
    }
}
