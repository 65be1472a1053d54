use quash_core::Timestamp;

use crate::luck::Luck;

/// When every run begins, in milliseconds: in 2027.
pub(crate) const START: u64 = 1_800_000_000_000;

/// How far a clock may be off, in milliseconds; so two are apart by 200 at most, as the follower's terms allow.
pub(crate) const OFF: u64 = 100;

/// After how many actions revocations are undone: from then on there are no more shards.
const LIFTS_AFTER: u64 = 500;

/// What is drawn once for a run.
#[derive(Clone, Copy, Debug)]
pub struct Setup {
    /// Where everything is drawn from.
    pub seed: u64,
    pub(crate) places: u64,
    pub(crate) isolates: u64,
    pub(crate) users: u64,
    /// `max_staleness`, in milliseconds.
    pub(crate) bound: u64,
    /// Milliseconds from one action to the next, on average.
    pub(crate) pace: u64,
    /// How long a message to the ledger takes, in milliseconds, but for the slow ones.
    pub(crate) far: u64,
    /// One message in so many is lost, one is doubled, and one takes its time.
    pub(crate) unreliable: u64,
    pub(crate) shards: u8,
    /// Whether nothing happens now and then, for up to four bounds.
    pub(crate) has_lulls: bool,
    /// Whether there is room between the rows of the logs, so that few of them fill pages.
    pub(crate) is_sparse: bool,
    /// Whether shards publish segments.
    pub(crate) has_editions: bool,
    /// Whether revocations are undone.
    pub(crate) has_lifts: bool,
}

impl Setup {
    /// The setup of this seed.
    pub fn new(seed: u64) -> Self {
        let mut luck = Luck::new(seed, 0);
        let places = luck.between(1, 6);
        Self {
            seed,
            places,
            isolates: places * luck.between(1, 7),
            users: luck.between(1, 9),
            bound: luck.one_of(&[1000, 1000, 2000, 5000]),
            pace: luck.one_of(&[4, 15, 40, 120]),
            far: luck.one_of(&[5, 30, 150]),
            unreliable: luck.one_of(&[15, 100, 1000, 100_000]),
            shards: luck.one_of(&[1, 1, 2]),
            has_lulls: true,
            is_sparse: true,
            has_editions: luck.one_in(2),
            has_lifts: luck.one_in(2),
        }
    }
}

impl Setup {
    /// The setup of this seed, but one data centre with many isolates, and a ledger that is always there.
    pub fn calm(seed: u64) -> Self {
        let (has_lulls, is_sparse, has_editions, unreliable) = (false, false, false, 1 << 31);
        let (places, isolates, bound, pace, far) = (1, 24, 5000, 4, 30);
        Self { places, isolates, bound, pace, far, unreliable, has_lulls, is_sparse, has_editions, ..Self::new(seed) }
    }
}

/// Something that happens by itself.
#[derive(Clone, Copy, Debug)]
pub struct Planned {
    /// Its number in the plan, and so its luck.
    pub index: u64,
    pub(crate) at: u64,
    pub(crate) action: Action,
}

impl Planned {
    /// Whether it is something that people do, and nothing that breaks or is put in order.
    pub fn is_use(&self) -> bool {
        matches!(self.action, Action::Request { .. } | Action::Login { .. } | Action::Revoke { .. })
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Action {
    /// A user makes a request with one of his tokens.
    Request {
        isolate: usize,
        user: usize,
        pick: usize,
        class: Class,
    },
    /// A user logs in, or has a token of a session renewed.
    Login {
        user: usize,
        is_new: bool,
        lifetime: u64,
    },
    Revoke {
        isolate: usize,
        user: usize,
        pick: usize,
        what: What,
    },
    /// What was revoked under an id of a user's is undone.
    Lift {
        user: usize,
        pick: usize,
    },
    /// An isolate is thrown away, and another begins in its place.
    Kill {
        isolate: usize,
    },
    /// A clock is put right.
    SetBack {
        isolate: usize,
        by: u64,
    },
    /// A shard cannot be reached for so long.
    Outage {
        shard: usize,
        lasts: u64,
    },
    /// A shard's rows are put into another storage.
    Renew {
        shard: usize,
    },
    /// An isolate's configuration tells of more shards from now on.
    Raise {
        isolate: usize,
    },
}

/// What a request's route says for the time without the ledger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Class {
    Closed,
    LastKnownGood,
    Open,
    Kv,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum What {
    Token,
    Session,
    Everywhere,
    Others,
}

/// What happens in a run, in the order of time, without end.
pub struct Plan {
    setup: Setup,
    luck: Luck,
    index: u64,
    at: u64,
}

impl Plan {
    /// The plan of a setup.
    pub fn new(setup: Setup) -> Self {
        Self { setup, luck: Luck::new(setup.seed, 1), index: 0, at: START }
    }
}

impl Iterator for Plan {
    type Item = Planned;

    fn next(&mut self) -> Option<Planned> {
        let (setup, luck) = (self.setup, &mut self.luck);
        let isolate = luck.below(setup.isolates) as usize;
        let user = luck.below(setup.users) as usize;
        let pick = luck.below(1 << 16) as usize;
        let action = match luck.below(1000) {
            // Everybody has to log in first.
            _ if self.index < setup.users => {
                Action::Login { user: self.index as usize, is_new: true, lifetime: 300_000 }
            }
            0..60 => Action::Login { user, is_new: luck.one_in(2), lifetime: luck.one_of(&[10_000, 60_000, 300_000]) },
            60..85 => {
                let what = luck.one_of(&[What::Session, What::Session, What::Token, What::Everywhere, What::Others]);
                Action::Revoke { isolate, user, pick, what }
            }
            // After there are more shards.
            85..94 if setup.has_lifts && self.index > LIFTS_AFTER => Action::Lift { user, pick },
            100..104 => Action::Kill { isolate },
            104 => Action::SetBack { isolate, by: luck.between(1, 2 * OFF) },
            105..107 => Action::Outage { shard: luck.below(8) as usize, lasts: luck.one_of(&[50, 500, 4000, 20_000]) },
            107 => Action::Renew { shard: luck.below(8) as usize },
            108 => Action::Raise { isolate },
            _ => {
                let class = match luck.below(20) {
                    0..13 => Class::Closed,
                    13..16 => Class::LastKnownGood,
                    16 => Class::Open,
                    _ => Class::Kv,
                };
                Action::Request { isolate, user, pick, class }
            }
        };
        // And now and then much happens in no time.
        self.at += match luck.below(256) {
            0 if setup.has_lulls => luck.below(4 * setup.bound),
            1..64 => 0,
            _ => luck.below(2 * setup.pace + 1),
        };
        let planned = Planned { index: self.index, at: self.at, action };
        self.index += 1;
        Some(planned)
    }
}

pub(crate) fn time(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}
