//! How a revocation that was a mistake is undone: an operator looks at what there is of an id, and lifts that.

use quash_core::{Revocation, RevocationId};

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
    /// The count of shards by which it was begun.
    count: u8,
    /// The shards in which is still to be looked, from the last on.
    unseen: Vec<u8>,
    seen: Option<Revocation>,
    /// Whether the root knows of it.
    is_pinned: bool,
    /// The shards in which it is still to be lifted, from the last on: that is the one in force. The others have a row: of what was
    /// seen that is lifted.
    revoked: Vec<(u8, Option<Revocation>)>,
    is_begun: bool,
    tries: u8,
    luck: Luck,
}

impl World {
    pub(crate) fn begin_lifting(&mut self, user: usize, id: RevocationId, luck: Luck) {
        let Some(history) = self.shards[0].history.clone() else { return };
        let count = history.current();
        self.send_lifting(Lifting {
            user,
            id,
            count: count.get(),
            unseen: history.shards_of(&id).collect(),
            seen: None,
            is_pinned: false,
            revoked: vec![(count.shard_of(&id), None)],
            is_begun: false,
            tries: 0,
            luck,
        });
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

    /// It arrives where it goes next: at a shard that may have something, at the root, and at the shards that have.
    pub(crate) fn lift(&mut self, mut lifting: Lifting) {
        let (unseen, revoked) = (lifting.unseen.last().copied(), lifting.revoked.last().map(|(number, _)| *number));
        let number = unseen.or(revoked.filter(|_| lifting.is_pinned)).unwrap_or(0);
        if self.shards[usize::from(number)].down_until > self.now {
            return self.lift_again(lifting);
        }
        match (unseen, lifting.seen) {
            (Some(_), _) => self.look_for_rows(number, lifting),
            (None, None) => {}
            (None, Some(seen)) if lifting.is_pinned => self.lift_seen(number, &seen, lifting),
            (None, Some(_)) if self.shards[0].pin(lifting.count) || self.breakage == Breakage::RaisesIgnored => {
                lifting.is_pinned = true;
                self.send_lifting(lifting);
            }
            (None, Some(_)) => self.begin_lifting(lifting.user, lifting.id, lifting.luck),
        }
    }

    fn look_for_rows(&mut self, number: u8, mut lifting: Lifting) {
        lifting.unseen.pop();
        if let Some(row) = self.shards[usize::from(number)].seal(&lifting.id, lifting.count) {
            lifting.seen = Some(lifting.seen.map_or(row, |seen| seen.merge(row)));
            if lifting.revoked.iter().all(|(known, _)| *known != number) {
                lifting.revoked.insert(0, (number, Some(row)));
            }
        }
        self.send_lifting(lifting);
    }

    fn lift_seen(&mut self, number: u8, seen: &Revocation, mut lifting: Lifting) {
        let own = lifting.revoked.last().and_then(|(_, row)| *row);
        let shard = &mut self.shards[usize::from(number)];
        let Some(is_new) = shard.lift(&own.unwrap_or(*seen), time(self.now), self.breakage) else { return };
        self.note(|| {
            format!("what user {} had revoked under {} is lifted in shard {number}", lifting.user, lifting.id)
        });
        // It may come twice.
        if lifting.luck.one_in(self.setup.unreliable) && lifting.tries < TRIES {
            let again = Lifting { tries: TRIES, luck: lifting.luck.branch(), ..lifting.clone() };
            let after = lifting.luck.below(5000);
            self.send(after, Message::Lift(again));
        }
        lifting.revoked.pop();
        let user = &mut self.users[lifting.user];
        if is_new && !lifting.is_begun {
            user.is_being_lifted(seen);
        }
        lifting.is_begun = true;
        if !lifting.revoked.is_empty() {
            return self.send_lifting(lifting);
        }
        user.is_lifted(&lifting.id, self.now);
        self.tally.lifted += 1;
    }
}
