//! How a revocation gets into the ledger: what a client does that goes on until it is told that it is there.

use quash_core::{
    Cover, RevocationId,
    ledger::{ShardCount, ShardHistory},
};

use crate::{
    plan::time,
    world::{Job, Message, World},
};

/// How often a client tries.
const TRIES: u8 = 5;

impl World {
    pub(crate) fn send_revocation(&mut self, mut job: Job) {
        let Some(after) = self.travel(&mut job.luck) else { return self.again(job) };
        let isolate = &self.isolates[job.isolate];
        // Whoever is configured for more shards than the root has told him of tells the root first.
        let has_to_raise = isolate.told < isolate.count;
        self.send(after, if has_to_raise { Message::Raise(job) } else { Message::Append(job) });
    }

    pub(crate) fn raise(&mut self, mut job: Job) {
        if self.shards[0].down_until > self.now {
            return self.again(job);
        }
        let count = self.isolates[job.isolate].count;
        let current = self.shards[0].raise(count);
        self.note(|| format!("the root is told of {count} shards, and knows of {current}"));
        match self.travel(&mut job.luck) {
            Some(after) => self.send(after, Message::Raised(job, current)),
            None => self.again(job),
        }
    }

    pub(crate) fn append(&mut self, mut job: Job) {
        let Some(count) = ShardCount::new(self.isolates[job.isolate].told) else { return self.again(job) };
        let number = count.shard_of(&job.revocation.id);
        let shard = &mut self.shards[usize::from(number)];
        // It may fail before it has stored anything, or before anybody hears of it.
        if shard.down_until > self.now {
            return self.again(job);
        }
        shard.append(job.revocation, self.now, &mut job.luck);
        self.users[job.user].is_durable(job.number, self.now);
        self.note(|| format!("revocation {} is in shard {number}", job.number));
        match self.travel(&mut job.luck) {
            Some(after) => self.send(after, Message::Acknowledged(job)),
            None => self.again(job),
        }
        // And it may come twice.
        if job.luck.one_in(self.setup.unreliable) && job.tries < TRIES {
            job.tries = TRIES;
            let after = job.luck.below(5000);
            self.send(after, Message::Append(job));
        }
    }

    /// P4.
    pub(crate) fn acknowledged(&mut self, job: &Job) {
        let revocation = &job.revocation;
        let is_kept = |cover| revocation.cover.union(cover) == cover;
        if !self.covers_in_ledger(&revocation.id).any(is_kept) && revocation.expires_at > time(self.now) {
            self.fail(format_args!("P4: revocation {} was acknowledged and is not in the ledger", job.number));
        }
    }

    /// What an exact look-up finds.
    pub(crate) fn covers_in_ledger<'a>(&'a self, id: &'a RevocationId) -> impl Iterator<Item = Cover> + 'a {
        let shards = self.shards[0].history.iter().flat_map(|history: &ShardHistory| history.shards_of(id));
        shards.filter_map(|shard| Some(self.shards[usize::from(shard)].row(id)?.cover))
    }

    fn again(&mut self, mut job: Job) {
        if job.tries < TRIES {
            job.tries += 1;
            let after = job.luck.between(300, 1500);
            self.send(after, Message::Send(job));
        }
    }
}
