//! What becomes of a request whose token may be revoked, by a segment: the shards that may know are asked.

use quash_core::{
    Revocation,
    follower::{Doubt, Source},
};

use crate::{
    host::{Breakage, Waiting},
    people::Token,
    plan::Class,
    world::{Message, World},
};

impl World {
    /// Decides with doubts, by what is known or by who may know more.
    pub(crate) fn doubt(
        &mut self,
        mut waiting: Waiting,
        token: Token,
        is_covered: bool,
        doubts: Vec<Doubt>,
        source: Source,
    ) {
        match (self.breakage, source) {
            (Breakage::DoubtsIgnored, _) | (_, Source::None) => self.decided(&waiting, token, is_covered, source),
            (Breakage::DoubtsRelied, _) => self.decided(&waiting, token, true, source),
            (_, Source::Fresh) => {
                waiting.has_waited = true;
                self.tally.confirmations += 1;
                self.note(|| format!("isolate {} asks the ledger about {token}", waiting.isolate));
                match self.travel(&mut waiting.luck) {
                    Some(after) => self.send(after, Message::Confirm { waiting, doubts }),
                    None => self.unconfirmed(&waiting, token),
                }
            }
            _ if is_covered => self.decided(&waiting, token, true, source),
            _ => self.unavailable(&waiting, token),
        }
    }

    /// The shards are asked.
    pub(crate) fn confirm(&mut self, mut waiting: Waiting, doubts: Vec<Doubt>) {
        let Some(token) = self.users[waiting.user].token_of(waiting.token).copied() else { return };
        if doubts.iter().any(|doubt| self.shards[usize::from(doubt.shard)].down_until > self.now) {
            return self.unconfirmed(&waiting, token);
        }
        let row = |doubt: &Doubt| self.shards[usize::from(doubt.shard)].row(&doubt.id).copied();
        let rows = doubts.iter().filter_map(row).collect();
        match self.travel(&mut waiting.luck) {
            Some(after) => self.send(after, Message::Confirmed { waiting, doubts, rows }),
            None => self.unconfirmed(&waiting, token),
        }
    }

    /// They have answered.
    pub(crate) fn confirmed(&mut self, waiting: Waiting, doubts: &[Doubt], rows: &[Revocation]) {
        let host = &mut self.isolates[waiting.isolate];
        if host.life == waiting.life {
            let now = host.clock(self.now);
            host.follower.confirm(doubts, rows, now);
            self.look(waiting);
        }
    }

    fn unconfirmed(&mut self, waiting: &Waiting, token: Token) {
        match waiting.class() {
            Class::Kv | Class::Open => self.ask_kv(waiting, token, Source::KvFallback),
            Class::Closed | Class::LastKnownGood => self.unavailable(waiting, token),
        }
    }
}
