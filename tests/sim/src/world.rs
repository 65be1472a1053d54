use std::{
    cmp::Ordering,
    collections::BinaryHeap,
    fmt::{self, Display},
    rc::Rc,
};

use quash_core::{
    Revocation, Timestamp,
    follower::{Doubt, Read},
};

use crate::{
    cache::Cache,
    host::{Breakage, Isolate, Waiting},
    kv::Kv,
    ledger::Shard,
    lifting::Lifting,
    luck::Luck,
    people::{Token, User},
    plan::{Action, OFF, Planned, START, Setup},
    tally::Tally,
};

/// How many shards there are storages for.
pub(crate) const SHARDS: u8 = 5;

/// Everything there is, at one moment.
pub struct World {
    pub(crate) setup: Setup,
    pub(crate) breakage: Breakage,
    /// The true time, which nobody knows.
    pub(crate) now: u64,
    pub(crate) places: Vec<Place>,
    pub(crate) isolates: Vec<Isolate>,
    pub(crate) shards: Vec<Shard>,
    pub(crate) users: Vec<User>,
    pub(crate) tally: Tally,
    /// What is on its way.
    messages: BinaryHeap<Dated>,
    sent: u64,
    failure: Option<String>,
    /// What happened, when somebody wants to know.
    story: Option<Vec<String>>,
}

/// What was promised and did not hold.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The step after which it was seen.
    pub step: u64,
    /// What, and how.
    pub what: String,
}

/// A data centre.
#[derive(Default)]
pub(crate) struct Place {
    pub(crate) cache: Cache,
    pub(crate) kv: Kv,
}

/// Something that is on its way. What belongs to an isolate's earlier life is lost.
pub(crate) enum Message {
    /// A request that waits looks again.
    Look(Waiting),
    /// A read arrives at its shard.
    Ask { isolate: usize, life: u64, read: Read, luck: Luck },
    /// Its answer arrives, or a copy of one.
    Answer { isolate: usize, life: u64, read: Read, bytes: Rc<[u8]>, copied_at: Option<Timestamp>, luck: Luck },
    /// It was in vain.
    Failed { isolate: usize, life: u64, read: Read },
    /// Shards are asked for what they have under ids that are in doubt.
    Confirm { waiting: Waiting, doubts: Vec<Doubt> },
    /// Their answer arrives.
    Confirmed { waiting: Waiting, doubts: Vec<Doubt>, rows: Vec<Revocation> },
    /// A revocation is sent to the ledger, perhaps again.
    Send(Job),
    /// The root is told how many shards the writer knows of.
    Raise(Job),
    /// It has answered.
    Raised(Job, u8),
    /// A revocation arrives at its shard.
    Append(Job),
    /// Its acknowledgement arrives.
    Acknowledged(Job),
    /// Somebody who undoes a revocation arrives where he goes next.
    Lift(Lifting),
}

/// A revocation on its way.
#[derive(Clone, Copy)]
pub(crate) struct Job {
    pub(crate) isolate: usize,
    pub(crate) user: usize,
    pub(crate) number: u64,
    pub(crate) revocation: Revocation,
    pub(crate) tries: u8,
    pub(crate) luck: Luck,
}

struct Dated {
    at: u64,
    order: u64,
    message: Message,
}

impl World {
    /// A world in which nothing has happened yet.
    pub fn new(setup: Setup, breakage: Breakage) -> Self {
        let mut luck = Luck::new(setup.seed, 2);
        let places = setup.places as usize;
        let isolates = setup.isolates as usize;
        Self {
            setup,
            breakage,
            now: START,
            places: (0..places).map(|_| Place::default()).collect(),
            isolates: (0..isolates).map(|n| Isolate::new(&setup, n % places, 0, setup.shards, &mut luck)).collect(),
            shards: (0..SHARDS).map(|number| Shard::new(number, &setup, &mut luck)).collect(),
            users: (0..setup.users).map(|_| User::new(&mut luck)).collect(),
            tally: Tally::default(),
            messages: BinaryHeap::new(),
            sent: 0,
            failure: None,
            story: None,
        }
    }

    /// Goes so many steps, or until nothing happens any more.
    ///
    /// # Errors
    /// What was promised and did not hold.
    pub fn run(
        &mut self,
        plan: impl IntoIterator<Item = Planned>,
        steps: u64,
        tally: &mut Tally,
    ) -> Result<(), Failure> {
        let mut plan = plan.into_iter().peekable();
        for step in 0..steps {
            let is_message = match (self.messages.peek(), plan.peek()) {
                (None, None) => break,
                (Some(message), Some(planned)) => message.at <= planned.at,
                (message, _) => message.is_some(),
            };
            self.tally.steps += 1;
            if is_message && let Some(Dated { at, message, .. }) = self.messages.pop() {
                self.now = at;
                self.receive(message);
            } else if let Some(planned) = plan.next() {
                self.now = planned.at;
                self.act(planned);
            }
            if let Some(what) = self.failure.take() {
                self.note(|| format!("FAILURE: {what}"));
                return Err(Failure { step, what });
            }
        }
        let elapsed = (self.now - START) as f64;
        self.tally.intervals = elapsed * self.setup.places as f64 / (self.setup.bound as f64 / 2.0);
        tally.add(&self.tally);
        Ok(())
    }

    /// The same, and what happened, line by line.
    pub(crate) fn tell(mut self, plan: impl IntoIterator<Item = Planned>, steps: u64) -> Vec<String> {
        self.story = Some(vec![]);
        // Its failure is the last line.
        let _ = self.run(plan, steps, &mut Tally::default());
        self.story.unwrap_or_default()
    }

    pub(crate) fn note(&mut self, line: impl FnOnce() -> String) {
        if let Some(story) = &mut self.story {
            story.push(format!("{:>9.3} s  {}", (self.now - START) as f64 / 1000.0, line()));
        }
    }

    /// The first thing that went wrong is told.
    pub(crate) fn fail(&mut self, what: impl Display) {
        self.failure.get_or_insert_with(|| what.to_string());
    }

    pub(crate) fn send(&mut self, after: u64, message: Message) {
        self.sent += 1;
        self.messages.push(Dated { at: self.now + after, order: self.sent, message });
    }

    /// How long a message to the ledger or from it takes; `None` if it never arrives.
    pub(crate) fn travel(&self, luck: &mut Luck) -> Option<u64> {
        let Setup { far, unreliable, .. } = self.setup;
        let slow = if luck.one_in(unreliable) { luck.below(3000) } else { 0 };
        (!luck.one_in(unreliable)).then(|| 1 + luck.below(2 * far) + slow)
    }

    fn act(&mut self, Planned { index, action, .. }: Planned) {
        let mut luck = Luck::new(self.setup.seed, index + 3);
        match action {
            Action::Request { isolate, user, pick, class } => self.request(isolate, user, pick, class, luck),
            Action::Login { user, is_new, lifetime } => {
                let token = self.users[user].log_in(is_new, lifetime, self.now, index, &mut luck);
                self.note(|| format!("user {user} is given {token}, for {} s", lifetime / 1000));
            }
            Action::Revoke { isolate, user, pick, what } => {
                let Some(token) = self.users[user].token(pick).copied() else { return };
                let now = self.isolates[isolate].clock(self.now);
                let Some(revocation) = self.users[user].revoke(what, token, index, now) else { return };
                self.note(|| {
                    format!("user {user} has isolate {isolate} revoke {what:?} of {token}: revocation {index}")
                });
                self.isolates[isolate].follower.record(&[revocation], now);
                for place in 0..self.places.len() {
                    let is_here = place == self.isolates[isolate].place;
                    self.places[place].kv.put(revocation, is_here, self.now, &mut luck);
                }
                self.send(0, Message::Send(Job { isolate, user, number: index, revocation, tries: 0, luck }));
            }
            Action::Lift { user, pick } => {
                if let Some(id) = self.users[user].revoked(pick) {
                    self.begin_lifting(user, id, luck);
                }
            }
            Action::Kill { isolate } => {
                self.note(|| format!("isolate {isolate} is thrown away, and begins again"));
                self.restart(isolate, &mut luck);
            }
            Action::Raise { isolate } => {
                let count = &mut self.isolates[isolate].count;
                *count = (*count + 1 + luck.below(2) as u8).min(SHARDS);
                let count = *count;
                self.note(|| format!("isolate {isolate} begins again, and is told of {count} shards"));
                self.restart(isolate, &mut luck);
            }
            Action::SetBack { isolate, by } => self.set_back(isolate, by.min(2 * OFF) as i64),
            Action::Outage { shard, lasts } => {
                let shard = shard % usize::from(SHARDS);
                self.note(|| format!("shard {shard} cannot be reached for {lasts} ms"));
                self.shards[shard].down_until = self.now + lasts;
            }
            Action::Renew { shard } => {
                let shard = shard % usize::from(SHARDS);
                self.shards[shard].renew(&mut luck);
                self.note(|| format!("shard {shard} has its rows put into another storage"));
            }
        }
    }

    fn restart(&mut self, isolate: usize, luck: &mut Luck) {
        let Isolate { place, life, count, .. } = self.isolates[isolate];
        self.isolates[isolate] = Isolate::new(&self.setup, place, life + 1, count, luck);
    }

    fn receive(&mut self, message: Message) {
        match message {
            Message::Look(waiting) => self.look(waiting),
            Message::Ask { isolate, life, read, luck } => self.asked(isolate, life, read, luck),
            Message::Answer { isolate, life, read, bytes, copied_at, luck } => {
                self.answered(isolate, life, &read, &bytes, copied_at, luck);
            }
            Message::Failed { isolate, life, read } => self.failed(isolate, life, &read),
            Message::Confirm { waiting, doubts } => self.confirm(waiting, doubts),
            Message::Confirmed { waiting, doubts, rows } => self.confirmed(waiting, &doubts, &rows),
            Message::Send(job) => self.send_revocation(job),
            Message::Raise(job) => self.raise(job),
            Message::Raised(job, count) => {
                self.isolates[job.isolate].told = count;
                self.send_append(job);
            }
            Message::Append(job) => self.append(job),
            Message::Acknowledged(job) => self.acknowledged(&job),
            Message::Lift(lifting) => self.lift(lifting),
        }
    }
}

impl PartialEq for Dated {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Dated {}

impl PartialOrd for Dated {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The earliest is the greatest: that is the one that a heap gives.
impl Ord for Dated {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "after step {}: {}", self.step, self.what)
    }
}

impl Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "token {}", self.number)
    }
}
