use std::{sync::Arc, time::Duration};

use quash_core::{
    Revocation, Target, Timestamp, TokenIds,
    follower::{self, Follower, LiveSet, Read, Source, SyncId, Terms, WhenStale},
    ledger::{Delta, Part, ShardHistory},
    segment::Segment,
};

use super::{RETRY_AFTER, Revocations, refuse_known, when_stale};
use crate::{
    config::{ConfigError, LEDGER_NEEDED},
    denylist::NEARBY,
    engine::Step,
    error::Error,
    ledger::{Asked, shard_name},
    look_up::LookUp,
    policy::{Mode, Outage, Policy},
    trust::Trust,
};

/// How long a copy of a page stays in the data centre's cache: it says nothing wrong however old it is, but ever less.
const PAGES_ARE_KEPT: Duration = Duration::from_secs(3600);

/// How long a copy of a segment stays there: the ledger may have published another edition long before.
const SEGMENTS_ARE_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long Workers of the version before may go on after one with a ledger has been deployed.
const ROLLOUT: Duration = Duration::from_secs(24 * 60 * 60);

/// How long the ledger may take for a part of its log.
const PART_TIMEOUT: Duration = Duration::from_secs(3);

/// What this isolate knows of revocations: those that it made itself, and where there is a ledger, those that it has.
pub enum EdgeRevocations {
    /// The isolate's own.
    Own(LiveSet),
    /// The ledger's, and the isolate's own.
    Followed(Box<Followed>),
}

/// A ledger that is followed.
pub struct Followed {
    follower: Follower,
    terms: Terms,
    history: ShardHistory,
    /// How old the ledger has to be to know everything. Until then Workers KV may have what was revoked before there was a
    /// ledger, or by Workers of a version that knew of none.
    settled_after: Duration,
    /// Before the addresses of copies: only whoever has the pepper knows where the ledger's are.
    copies: String,
    /// A sync that nobody waits for.
    refresh: Option<SyncId>,
    problem: String,
}

/// A part of the ledger to read: from the data centre's cache, if there is a copy that will do, else from the ledger.
#[derive(Debug)]
pub struct LedgerRead {
    read: Read,
    /// The name of the Durable Object.
    pub object: String,
    /// What it is asked.
    pub url: String,
    /// Where the copy is.
    pub copy: String,
    /// How long one may be kept there.
    pub kept_for: Duration,
    /// How long the ledger may take.
    pub timeout: Duration,
}

impl LedgerRead {
    /// Whether a copy will not do.
    pub const fn is_direct(&self) -> bool {
        self.read.direct
    }

    /// When it was asked for: written down with the copy.
    pub const fn asked_at(&self) -> Timestamp {
        self.read.asked_at
    }
}

impl Default for EdgeRevocations {
    fn default() -> Self {
        Self::Own(LiveSet::default())
    }
}

impl Revocations for EdgeRevocations {
    type LookUp = LookUp;

    fn live(&self) -> &LiveSet {
        match self {
            Self::Own(live) => live,
            Self::Followed(followed) => followed.follower.live(),
        }
    }

    fn max_staleness(&self) -> Option<Duration> {
        match self {
            Self::Own(_) => None,
            Self::Followed(followed) => Some(followed.terms.max_staleness),
        }
    }

    fn record(&mut self, revocations: &[Revocation], now: Timestamp) {
        match self {
            Self::Own(live) => {
                revocations.iter().for_each(|revocation| live.insert(revocation, now));
                live.sweep(now);
            }
            Self::Followed(followed) => followed.follower.record(revocations, now),
        }
    }

    fn judge(
        &mut self,
        ids: &Arc<TokenIds>,
        policy: &Arc<Policy>,
        mode: Mode,
        arrived: Timestamp,
        now: Timestamp,
    ) -> Result<Step, Error> {
        // Whatever is known to be revoked may have been lifted since: where there is somebody to say so, he is asked first.
        if mode == Mode::DangerIsolate || self.followed_mut().is_none() {
            self.refuse_revoked(ids, now)?;
        }
        match (mode, self) {
            (Mode::DangerIsolate, _) => Ok(Step::Admit(Source::Isolate)),
            (Mode::Bounded, Self::Followed(followed)) => followed.judge(ids, policy, arrived, now),
            (Mode::Strict, Self::Followed(followed)) => Ok(Step::LookUp(followed.look_up(ids, policy))),
            (Mode::Eventual, _) => Ok(Step::LookUp(LookUp::in_kv(ids, policy, Source::Kv))),
            // A policy of a program's: the configuration's are refused when they are read.
            (Mode::Bounded | Mode::Strict, Self::Own(_)) => Err(ConfigError::new("ledger", LEDGER_NEEDED).into()),
        }
    }

    fn is_due(&self) -> bool {
        matches!(self, Self::Followed(followed) if followed.refresh.is_some())
    }

    fn due(&mut self) -> Option<SyncId> {
        self.followed_mut()?.refresh.take()
    }
}

impl EdgeRevocations {
    pub(crate) fn followed(terms: Terms, trust: &Trust, seed: u64) -> Self {
        let longest = trust.issuers.iter().map(|issuer| issuer.max_lifetime + 2 * issuer.leeway).max();
        let id = trust.peppers.current().namespace("quash/ledger").id(&Target::Everything);
        Self::Followed(Box::new(Followed {
            follower: Follower::new(terms, seed),
            terms,
            history: ShardHistory::new(terms.shards),
            // A handle's revocation is kept for two lifetimes.
            settled_after: 2 * longest.unwrap_or_default() + ROLLOUT,
            copies: format!("{NEARBY}ledger/{id}/"),
            refresh: None,
            problem: "it was not asked yet".into(),
        }))
    }

    /// How many are known.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Own(live) => live.len(),
            Self::Followed(followed) => followed.follower.len(),
        }
    }

    /// Where to look for a token outside a guarded request: as strictly as can be.
    pub(crate) fn look_up_of(&self, ids: Arc<TokenIds>) -> LookUp {
        match self {
            Self::Own(_) => LookUp::in_kv(&ids, &Arc::default(), Source::Kv),
            Self::Followed(followed) => followed.look_up(&ids, &Arc::default()),
        }
    }

    pub(crate) fn followed_mut(&mut self) -> Option<&mut Followed> {
        match self {
            Self::Own(_) => None,
            Self::Followed(followed) => Some(followed),
        }
    }
}

impl Followed {
    /// What is next with a token on a route that goes by what is followed.
    fn judge(
        &mut self,
        ids: &Arc<TokenIds>,
        policy: &Arc<Policy>,
        arrived: Timestamp,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let source = match self.ask(arrived, when_stale(policy), now) {
            follower::Step::Decide { source, .. } => source,
            follower::Step::Sync(sync) => return Ok(Step::Sync(sync)),
            follower::Step::Wait(pause) => return Ok(Step::Wait(pause)),
            follower::Step::Refuse { retry_after } => {
                refuse_known(self.follower.live(), ids, now)?;
                return Err(self.unavailable(retry_after));
            }
        };
        let doubts = self.follower.doubts(ids.iter());
        if source == Source::Fresh && !doubts.is_empty() {
            return Ok(Step::LookUp(LookUp::of_doubts(ids, policy, self.terms.shards, doubts, arrived)));
        }
        refuse_known(self.follower.live(), ids, now)?;
        Ok(match source {
            Source::Fresh if self.is_settled(now) => Step::Admit(source),
            Source::Fresh => Step::LookUp(LookUp::in_kv(ids, policy, source)),
            // It may pass. What Workers KV shows has been revoked all the same.
            Source::None => Step::LookUp(LookUp::in_kv(ids, policy, Source::KvFallback).or(source)),
            // What was last known is that it may be revoked. Workers KV may not show yet that it is.
            _ if !doubts.is_empty() => return Err(self.unavailable(RETRY_AFTER)),
            _ => Step::LookUp(LookUp::in_kv(ids, policy, source).or(source)),
        })
    }

    /// Goes on with a request of which shards have told what they have under the ids that were in doubt; or have not.
    pub(crate) fn resolve(
        &mut self,
        look_up: &LookUp,
        arrived: Timestamp,
        rows: &[Revocation],
        outage: Option<String>,
        now: Timestamp,
    ) -> Result<Step, Error> {
        let (ids, policy) = (&look_up.ids, &look_up.policy);
        match outage {
            None => self.follower.confirm(look_up.doubts(), rows, now),
            Some(_) => self.follower.told(rows, now),
        }
        let Some(cause) = outage else { return self.judge(ids, policy, arrived, now) };
        refuse_known(self.follower.live(), ids, now)?;
        match policy.in_outages() {
            Outage::DangerOpen => Ok(Step::LookUp(LookUp::in_kv(ids, policy, Source::KvFallback))),
            _ => Err(Error::StoreUnavailable(cause)),
        }
    }

    /// Asks whether what is followed is fresh enough to decide by. A sync that is due is kept for whoever asks for it.
    pub(crate) fn ask(&mut self, arrived: Timestamp, when_stale: WhenStale, now: Timestamp) -> follower::Step {
        let step = self.follower.ask(arrived, when_stale, now);
        if let follower::Step::Decide { refresh, .. } = step {
            self.refresh = refresh.or(self.refresh);
        }
        step
    }

    /// What a verdict rests on by what was last known, now that Workers KV has answered, or has not: that takes its time, too.
    ///
    /// # Errors
    /// [`Error::LedgerUnavailable`]: it has become too old.
    pub(crate) fn last_known_good(&self, policy: &Policy, now: Timestamp) -> Result<Source, Error> {
        match (self.follower.age(now), policy.in_outages()) {
            (Some(age), Outage::LastKnownGood(oldest)) if age <= oldest => Ok(Source::LastKnownGood(age)),
            _ => Err(self.unavailable(RETRY_AFTER)),
        }
    }

    fn unavailable(&self, retry_after: Duration) -> Error {
        Error::LedgerUnavailable { retry_after, cause: self.problem.clone() }
    }

    pub(crate) const fn follower(&self) -> &Follower {
        &self.follower
    }

    /// Whether the ledger is old enough to know everything.
    pub(crate) fn is_settled(&self, now: Timestamp) -> bool {
        self.history.since().is_some_and(|since| now.since(since) >= self.settled_after)
    }

    /// Takes note of the history of shards, as the root tells it.
    pub(crate) fn learn(&mut self, history: ShardHistory) {
        self.history = history;
    }

    /// Takes note of what the ledger was found to have: it may be that something was lifted. Not of what Workers KV has, which may be another
    /// ledger's.
    pub(crate) fn told(&mut self, entries: &[Revocation], now: Timestamp) {
        self.follower.told(entries, now);
    }

    /// Where to look in the ledger itself.
    pub(crate) fn look_up(&self, ids: &Arc<TokenIds>, policy: &Arc<Policy>) -> LookUp {
        LookUp::in_ledger(ids, policy, self.terms.shards, self.history.clone())
    }

    pub(crate) fn next_read(&mut self, sync: SyncId, now: Timestamp) -> Option<LedgerRead> {
        let read = self.follower.next_read(sync, now)?;
        let (part, kept_for) = match (read.part, read.epoch) {
            (Part::Page(page), Some(epoch)) => (format!("{epoch:016x}/{page}"), PAGES_ARE_KEPT),
            (Part::Segment { seq, slice }, Some(epoch)) => (format!("{epoch:016x}/{seq}/{slice}"), SEGMENTS_ARE_KEPT),
            // For as long as it can be of use to anybody; the cache takes whole seconds.
            _ => ("head".into(), self.terms.max_staleness),
        };
        Some(LedgerRead {
            read,
            object: shard_name(read.shard),
            url: Asked::Part(read.part).url(read.shard, self.terms.shards),
            copy: format!("{}{}/{part}", self.copies, read.shard),
            kept_for,
            timeout: PART_TIMEOUT,
        })
    }

    pub(crate) fn is_usable(&self, read: &LedgerRead, copied_at: Timestamp, now: Timestamp) -> bool {
        self.follower.is_usable(&read.read, copied_at, now)
    }

    pub(crate) fn answered(&mut self, read: &LedgerRead, bytes: &[u8], copied_at: Option<Timestamp>, now: Timestamp) {
        if let Part::Segment { .. } = read.read.part {
            return self.loaded(read, bytes, copied_at.is_some(), now);
        }
        match Delta::parse(bytes) {
            Ok(delta) => {
                // A copy may be older than what is known.
                let is_news = copied_at.is_none() || self.history.since().is_none();
                if let Some(history) = delta.header.history.clone().filter(|_| is_news) {
                    self.learn(history);
                }
                self.follower.answered(&read.read, &delta, copied_at, now);
            }
            // The ledger itself is asked instead.
            Err(_) if copied_at.is_some() => self.follower.copy_failed(&read.read, now),
            Err(invalid) => self.failed(read, format!("{}: {invalid}", read.url), now),
        }
    }

    fn loaded(&mut self, read: &LedgerRead, bytes: &[u8], is_copy: bool, now: Timestamp) {
        match Segment::parse(bytes.into()) {
            Ok(segment) => self.follower.loaded(&read.read, segment, is_copy, now),
            Err(_) if is_copy => self.follower.copy_failed(&read.read, now),
            Err(invalid) => self.failed(read, format!("{}: {invalid}", read.url), now),
        }
    }

    pub(crate) fn failed(&mut self, read: &LedgerRead, problem: String, now: Timestamp) {
        self.problem = problem;
        self.follower.failed(&read.read, now);
    }
}

#[cfg(test)]
mod tests {
    use quash_core::ledger::{Header, ShardCount, Span};
    use serde_json::json;

    use super::*;
    use crate::config::Config;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + secs)
    }

    /// Has read the ledger at 0, and knows that nothing is in it.
    fn followed() -> EdgeRevocations {
        let document = json!({
            "ledger": {},
            "issuers": [{ "issuer": "a", "max_lifetime": 900, "keys": [{ "alg": "HS256", "secret": "SECRET" }] }],
        });
        let secret = |_: &str| Some("a secret of thirty-two bytes, no less".into());
        let (_, trust) = Config::parse(&document.to_string(), secret).unwrap();
        let mut revocations = EdgeRevocations::followed(Terms::default(), &trust, 1);
        let followed = revocations.followed_mut().unwrap();
        let follower::Step::Sync(sync) = followed.ask(at(0), WhenStale::Closed, at(0)) else { panic!() };
        let history = Some(ShardHistory::new(ShardCount::ONE));
        let delta =
            Header { shard: 0, epoch: 7, span: Span { from: 0, to: 0 }, head: 0, edition: None, history }.write([]);
        while let Some(read) = followed.next_read(sync, at(0)) {
            followed.answered(&read, &delta, None, at(0));
        }
        revocations
    }

    #[test]
    fn what_was_last_known_grows_old_while_workers_kv_is_asked() {
        let mut revocations = followed();
        let followed = revocations.followed_mut().unwrap();
        let policy = Policy::new().outage(Outage::LastKnownGood(Duration::from_secs(60)));
        for secs in [58, 60] {
            let known = Source::LastKnownGood(Duration::from_secs(secs));
            assert_eq!(followed.last_known_good(&policy, at(secs)).ok(), Some(known));
        }
        let refused = followed.last_known_good(&policy, at(61)).unwrap_err();
        assert_eq!((refused.code(), refused.status()), ("ledger_unavailable", 503));
    }
}
