use std::{rc::Rc, time::Duration};

use quash_core::{
    Timestamp,
    follower::{Follower, Read, Source, Step, SyncId, Terms, WhenStale},
    ledger::{Delta, Edition, Part, ShardCount, ShardHistory},
    segment::Segment,
};

use crate::{
    luck::Luck,
    people::Token,
    plan::{Class, OFF, Setup, time},
    world::{Message, World},
};

/// The age up to which one class of routes takes what was last known.
const LAST_KNOWN_GOOD: Duration = Duration::from_secs(30);

/// One request in so many is cancelled while it reads.
const CANCELLED: u64 = 40;

/// One copy in so many cannot be read.
const CUT: u64 = 500;

/// What a host does wrong, so that it is seen that the checks see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breakage {
    /// Nothing.
    None,
    /// It reads Workers KV instead of waiting for the ledger.
    NegativeCache,
    /// It decides while a sync is going on, however old what it knows.
    NotAwaited,
    /// It takes a copy in the cache for as young as if it had just been made.
    CopyAgeIgnored,
    /// It says of the head's answer that nothing is missing before it.
    GapIgnored,
    /// It says of a page that nothing has been written since.
    HeadIgnored,
    /// It does not tell of new shards.
    ShardsIgnored,
    /// It lets in who may be revoked by a segment.
    DoubtsIgnored,
    /// It refuses who may be revoked by a segment.
    DoubtsRelied,
    /// It says that an edition has no more segments than the first half.
    SlicesIgnored,
    /// A shard says that it has lifted something, and has not.
    LiftsLost,
    /// A shard lifts whatever there is, seen or not.
    UnseenLifted,
    /// A shard takes an append for what it says, whatever was lifted before.
    LiftsIgnored,
    /// A shard takes appends of whoever has not heard of newer shards, whatever was looked at in it.
    SealsIgnored,
    /// The root has no regard for what was lifted, nor has who lifts for more shards.
    RaisesIgnored,
}

/// An isolate, and the host in it.
pub(crate) struct Isolate {
    pub(crate) place: usize,
    /// Counts those that were in its place.
    pub(crate) life: u64,
    /// How far its clock is off, in milliseconds.
    off: i64,
    /// How many shards it is configured for, and how many the root has told it of when it had something to write.
    pub(crate) count: u8,
    pub(crate) told: u8,
    pub(crate) follower: Follower,
}

/// A request that is to be decided.
#[derive(Clone, Copy)]
pub(crate) struct Waiting {
    pub(crate) isolate: usize,
    pub(crate) life: u64,
    pub(crate) user: usize,
    pub(crate) token: u64,
    class: Class,
    arrived: Timestamp,
    pub(crate) has_waited: bool,
    pub(crate) luck: Luck,
}

impl Waiting {
    pub(crate) const fn class(&self) -> Class {
        self.class
    }
}

impl Isolate {
    /// The next one in a place.
    pub(crate) fn new(setup: &Setup, place: usize, life: u64, count: u8, luck: &mut Luck) -> Self {
        let shards = ShardCount::new(count).unwrap_or(ShardCount::ONE);
        let max_staleness = Duration::from_millis(setup.bound);
        let terms = Terms { max_staleness, shards, clock_skew: Duration::from_millis(2 * OFF) };
        let off = luck.below(2 * OFF + 1) as i64 - OFF as i64;
        Self { place, life, off, count, told: 0, follower: Follower::new(terms, luck.draw()) }
    }

    /// What its clock shows.
    pub(crate) fn clock(&self, now: u64) -> Timestamp {
        time(now.saturating_add_signed(self.off))
    }
}

impl World {
    pub(crate) fn request(&mut self, isolate: usize, user: usize, pick: usize, class: Class, luck: Luck) {
        let Some(token) = self.users[user].token(pick).map(|token| token.number) else { return };
        let Isolate { life, .. } = self.isolates[isolate];
        let arrived = self.isolates[isolate].clock(self.now);
        self.look(Waiting { isolate, life, user, token, class, arrived, has_waited: false, luck });
    }

    pub(crate) fn look(&mut self, mut waiting: Waiting) {
        let Waiting { isolate, life, class, arrived, .. } = waiting;
        let host = &mut self.isolates[isolate];
        // A token that has expired is no longer among the user's.
        let Some(token) = self.users[waiting.user].token_of(waiting.token).copied() else { return };
        if host.life != life {
            return;
        }
        let when_stale = match class {
            Class::Closed | Class::Kv => WhenStale::Closed,
            Class::LastKnownGood => WhenStale::LastKnownGood(LAST_KNOWN_GOOD),
            Class::Open => WhenStale::DangerOpen,
        };
        let step = host.follower.ask(arrived, when_stale, host.clock(self.now));
        match self.breakage {
            Breakage::NegativeCache if !matches!(step, Step::Decide { .. }) => {
                return self.ask_kv(&waiting, token, Source::Fresh);
            }
            Breakage::NotAwaited if matches!(step, Step::Wait(_) | Step::Sync(_)) => {
                if let Step::Sync(sync) = step {
                    self.sync(isolate, sync, waiting.luck);
                }
                return self.decide(&waiting, token, Source::Fresh);
            }
            _ => {}
        }
        match step {
            Step::Decide { source, refresh } => {
                if let Some(sync) = refresh {
                    self.sync(isolate, sync, waiting.luck);
                }
                self.decide(&waiting, token, source);
            }
            Step::Sync(sync) => {
                waiting.has_waited = true;
                let is_cancelled = waiting.luck.one_in(CANCELLED);
                self.note(|| {
                    format!("isolate {isolate} reads the ledger for a request, {sync:?}, cancelled: {is_cancelled}")
                });
                if !is_cancelled {
                    let luck = waiting.luck.branch();
                    self.sync(isolate, sync, luck);
                    self.send(25, Message::Look(waiting));
                }
            }
            Step::Wait(pause) => {
                waiting.has_waited = true;
                self.send(pause.as_millis() as u64, Message::Look(waiting));
            }
            Step::Refuse { .. } if class == Class::Kv => self.ask_kv(&waiting, token, Source::KvFallback),
            Step::Refuse { .. } => self.unavailable(&waiting, token),
        }
    }

    pub(crate) fn unavailable(&mut self, waiting: &Waiting, token: Token) {
        self.note(|| format!("isolate {} answers {token} with 503", waiting.isolate));
        self.tally.refused += 1;
    }

    /// Decides by what the follower knows.
    fn decide(&mut self, waiting: &Waiting, token: Token, source: Source) {
        let follower = &self.isolates[waiting.isolate].follower;
        let is_covered =
            token.ids().iter().filter_map(|id| follower.lookup(id)).any(|known| token.is_covered(&known.cover));
        let doubts = follower.doubts(token.ids());
        if doubts.is_empty() {
            self.decided(waiting, token, is_covered, source);
        } else {
            self.doubt(*waiting, token, is_covered, doubts, source);
        }
    }

    /// Decides by what Workers KV says here.
    pub(crate) fn ask_kv(&mut self, waiting: &Waiting, token: Token, source: Source) {
        self.tally.store_reads += 1;
        let (now, kv) = (self.now, &mut self.places[self.isolates[waiting.isolate].place].kv);
        let found = token.ids().map(|id| kv.read(&id, now));
        let is_covered = found.iter().flatten().any(|entry| token.is_covered(&entry.cover));
        self.decided(waiting, token, is_covered, source);
    }

    /// P1, P3, and that nobody is refused who has not logged out.
    pub(crate) fn decided(&mut self, waiting: &Waiting, token: Token, is_refused: bool, source: Source) {
        let Waiting { isolate, has_waited, .. } = *waiting;
        let (now, bound) = (self.now, self.setup.bound);
        if !token.is_alive(self.isolates[isolate].clock(now)) {
            return;
        }
        self.tally.decided += 1;
        self.tally.at_once += u64::from(!has_waited);
        self.tally.revoked += u64::from(is_refused);
        self.note(|| {
            let verdict = if is_refused { "refuses" } else { "lets in" };
            format!("isolate {isolate} {verdict} {token}, by {}", source.name())
        });
        if is_refused && !token.is_revoked {
            self.fail(format_args!("isolate {isolate} refused {token}, which nobody has revoked"));
        }
        if is_refused && source == Source::Fresh && self.users[waiting.user].is_lifted_from(&token, now - bound) {
            self.fail(format_args!("isolate {isolate} refused {token}, of which that was undone"));
        }
        let Some(durable_at) = token.durable_at else { return };
        if !token.ids().iter().any(|id| self.cover_in_ledger(id).is_some_and(|cover| token.is_covered(&cover))) {
            self.fail(format_args!("P3: {token} is alive, and nothing is left in the ledger that revokes it"));
        }
        if is_refused {
            return;
        }
        let unknown = now - durable_at;
        let allowed = match source {
            Source::Fresh => bound,
            Source::LastKnownGood(_) => bound.max(LAST_KNOWN_GOOD.as_millis() as u64),
            _ => return,
        };
        if source == Source::Fresh {
            self.tally.staleness = self.tally.staleness.max(unknown as f64 / bound as f64);
            self.tally.staleness_ms = self.tally.staleness_ms.max(unknown as f64);
        }
        if unknown > allowed {
            self.fail(format_args!(
                "P1: isolate {isolate} let {token} in {unknown} ms after its revocation was in the ledger, more than {allowed}"
            ));
        }
    }

    /// Makes what reads there are for a sync.
    fn sync(&mut self, isolate: usize, sync: SyncId, mut luck: Luck) {
        loop {
            let (now, host) = (self.now, &mut self.isolates[isolate]);
            let Some(read) = host.follower.next_read(sync, host.clock(now)) else { return };
            let life = host.life;
            let mut luck = luck.branch();
            let found = self.places[host.place].cache.find(&read, now);
            let found = found.map(|(bytes, asked_at)| (Rc::clone(bytes), self.copied_at(isolate, asked_at)));
            let host = &self.isolates[isolate];
            if let Some((bytes, copied_at)) = found
                && host.follower.is_usable(&read, copied_at, host.clock(now))
            {
                self.tally.cache_reads += 1;
                // Some are cut short.
                let is_whole = !luck.one_in(CUT);
                let bytes = if is_whole { bytes } else { bytes[..bytes.len() / 2].into() };
                let (after, copied_at) = (1 + luck.below(5), Some(copied_at));
                self.send(after, Message::Answer { isolate, life, read, bytes, copied_at, luck });
            } else {
                match self.travel(&mut luck) {
                    Some(after) => self.send(after, Message::Ask { isolate, life, read, luck }),
                    None => self.lose(isolate, life, read, luck),
                }
            }
        }
    }

    /// A read arrives at its shard.
    pub(crate) fn asked(&mut self, isolate: usize, life: u64, read: Read, mut luck: Luck) {
        self.tally.ledger_reads += 1;
        self.tally.root_reads += u64::from(read.shard == 0);
        let shard = &mut self.shards[usize::from(read.shard)];
        if shard.down_until > self.now {
            return self.lose(isolate, life, read, luck);
        }
        let Some(bytes) = shard.answer(read.part) else {
            // 404: an edition that has gone.
            return self.send(1, Message::Failed { isolate, life, read });
        };
        let Some(after) = self.travel(&mut luck) else { return self.lose(isolate, life, read, luck) };
        if luck.one_in(self.setup.unreliable) {
            let (bytes, mut luck) = (Rc::clone(&bytes), luck.branch());
            let after = after + luck.below(4000);
            self.send(after, Message::Answer { isolate, life, read, bytes, copied_at: None, luck });
        }
        self.send(after, Message::Answer { isolate, life, read, bytes, copied_at: None, luck });
    }

    pub(crate) fn answered(
        &mut self,
        isolate: usize,
        life: u64,
        read: &Read,
        bytes: &Rc<[u8]>,
        copied_at: Option<Timestamp>,
        luck: Luck,
    ) {
        let host = &mut self.isolates[isolate];
        if host.life != life {
            return;
        }
        let now = host.clock(self.now);
        if let Part::Segment { .. } = read.part {
            return self.loaded(isolate, read, bytes, copied_at.is_some(), luck);
        }
        let Ok(mut delta) = Delta::parse(bytes) else {
            match copied_at {
                Some(_) => host.follower.copy_failed(read, now),
                None => self.fail("an answer of a shard cannot be read"),
            }
            return self.sync(isolate, read.sync, luck);
        };
        match (self.breakage, read.part) {
            (Breakage::GapIgnored, Part::Head) => delta.header.span.from = 0,
            (Breakage::HeadIgnored, Part::Page(_)) => delta.header.head = delta.header.span.to,
            (Breakage::ShardsIgnored, _) if read.shard == 0 => {
                delta.header.history = Some(ShardHistory::new(ShardCount::ONE));
            }
            (Breakage::SlicesIgnored, _) => {
                let half = |edition: Edition| Edition { slices: edition.slices & 0xffff_ffff, ..edition };
                delta.header.edition = delta.header.edition.map(half).filter(|edition| edition.slices != 0);
            }
            _ => {}
        }
        host.follower.answered(read, &delta, copied_at, now);
        if copied_at.is_none() {
            let place = host.place;
            self.places[place].cache.put(read, Rc::clone(bytes), self.setup.bound, self.now);
        }
        let (follower, span) = (&self.isolates[isolate].follower, delta.header.span);
        let age = follower.age(now);
        self.note(|| {
            let whose = if copied_at.is_some() { "a copy" } else { "the answer" };
            format!(
                "isolate {isolate} hears {whose} of shard {}, {} to {}; it is at {age:?}",
                read.shard, span.from, span.to
            )
        });
        self.sync(isolate, read.sync, luck);
    }

    fn loaded(&mut self, isolate: usize, read: &Read, bytes: &Rc<[u8]>, is_copy: bool, luck: Luck) {
        let host = &mut self.isolates[isolate];
        let (now, place) = (host.clock(self.now), host.place);
        match Segment::parse(bytes.to_vec()) {
            Ok(segment) => host.follower.loaded(read, segment, is_copy, now),
            Err(_) if is_copy => host.follower.copy_failed(read, now),
            Err(_) => return self.fail("a segment of a shard cannot be read"),
        }
        self.tally.segments += 1;
        if !is_copy {
            self.places[place].cache.put(read, Rc::clone(bytes), self.setup.bound, self.now);
        }
        self.note(|| format!("isolate {isolate} reads {:?} of shard {}", read.part, read.shard));
        self.sync(isolate, read.sync, luck);
    }

    pub(crate) fn failed(&mut self, isolate: usize, life: u64, read: &Read) {
        let host = &mut self.isolates[isolate];
        if host.life == life {
            let now = host.clock(self.now);
            host.follower.failed(read, now);
        }
    }

    /// A clock is put right, or wrong the other way. Somebody looks at it before and after.
    pub(crate) fn set_back(&mut self, isolate: usize, by: i64) {
        let host = &mut self.isolates[isolate];
        let off = (host.off - by).max(-(OFF as i64));
        for off in [host.off, off] {
            host.off = off;
            let now = host.clock(self.now);
            // Whoever is told to read is cancelled.
            host.follower.ask(now, WhenStale::Closed, now);
        }
        self.note(|| format!("isolate {isolate} has its clock set back by {by} ms"));
    }

    /// Half of what is lost is never heard of again.
    fn lose(&mut self, isolate: usize, life: u64, read: Read, mut luck: Luck) {
        if luck.one_in(2) {
            let after = luck.below(2000);
            self.send(after, Message::Failed { isolate, life, read });
        }
    }

    fn copied_at(&self, isolate: usize, asked_at: Timestamp) -> Timestamp {
        match self.breakage {
            Breakage::CopyAgeIgnored => self.isolates[isolate].clock(self.now),
            _ => asked_at,
        }
    }
}
