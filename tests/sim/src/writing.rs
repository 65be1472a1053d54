//! How a revocation gets into the ledger: what a client does that goes on until it is told that it is there.

use quash_core::{
    Cover, Revocation, RevocationId,
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
        let isolate = &self.isolates[job.isolate];
        // Whoever is configured for more shards than the root has told him of tells the root first.
        if isolate.told >= isolate.count {
            return self.send_append(job);
        }
        match self.travel(&mut job.luck) {
            Some(after) => self.send(after, Message::Raise(job)),
            None => self.again(job),
        }
    }

    pub(crate) fn send_append(&mut self, mut job: Job) {
        match self.travel(&mut job.luck) {
            Some(after) => self.send(after, Message::Append(job)),
            None => self.again(job),
        }
    }

    pub(crate) fn raise(&mut self, mut job: Job) {
        if self.shards[0].down_until > self.now {
            return self.again(job);
        }
        let count = self.isolates[job.isolate].count;
        let current = self.shards[0].raise(count, self.breakage);
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
        if !shard.takes_appends(count, self.breakage) {
            // There are more by now, as the root will tell.
            self.isolates[job.isolate].told = 0;
            return self.again(job);
        }
        shard.append(job.revocation, self.now, self.breakage, &mut job.luck);
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
        let is_kept = |cover: Cover| revocation.cover.anew(&cover).union(cover) == cover;
        let is_there = self.cover_in_ledger(&revocation.id).is_some_and(is_kept);
        let is_needed = revocation.expires_at > time(self.now) && self.users[job.user].is_in_force(job.number);
        if !is_there && is_needed {
            self.fail(format_args!("P4: revocation {} was acknowledged and is not in the ledger", job.number));
        }
    }

    /// What an exact look-up finds.
    pub(crate) fn cover_in_ledger(&self, id: &RevocationId) -> Option<Cover> {
        let shards = self.shards[0].history.iter().flat_map(|history: &ShardHistory| history.shards_of(id));
        let rows = shards.filter_map(|shard| self.shards[usize::from(shard)].row(id));
        let counts = |row: &&Revocation| row.cover.lifts() == 0 || row.expires_at > time(self.now);
        rows.filter(counts).map(|row| row.cover).reduce(Cover::union)
    }

    fn again(&mut self, mut job: Job) {
        if job.tries < TRIES {
            job.tries += 1;
            let after = job.luck.between(300, 1500);
            self.send(after, Message::Send(job));
        }
    }
}
