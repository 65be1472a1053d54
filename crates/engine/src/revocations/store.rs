use std::{sync::Arc, time::Duration};

use quash_core::{
    Revocation, RevocationId, Timestamp, TokenIds,
    follower::{self, Follower, LiveSet, Read, Source, SyncId, Terms},
    ledger::{Delta, Header, InvalidDelta, ShardCount, ShardHistory, Span},
};

use super::{Revocations, refuse, when_stale};
use crate::{
    config::{ConfigError, NO_WORKERS_KV},
    engine::Step,
    error::Error,
    policy::{Mode, Outage, Policy},
};

/// A part of a store's log, as it was read.
#[derive(Clone, Copy, Debug)]
pub struct LogPart<'a> {
    /// Which log: drawn at random with it.
    pub epoch: u64,
    /// Which numbers it is about.
    pub span: Span,
    /// The last number that the log has given.
    pub head: u64,
    /// Every row of the span, in the order of their numbers.
    pub rows: &'a [Revocation],
}

impl LogPart<'_> {
    /// Tells a follower what a read of it has brought. A store is one shard, and is never cut into more.
    ///
    /// # Errors
    /// [`InvalidDelta`] where it is no part of a log: the read has failed.
    pub fn tell(&self, follower: &mut Follower, read: &Read, now: Timestamp) -> Result<(), InvalidDelta> {
        let Self { epoch, span, head, rows } = *self;
        let history = Some(ShardHistory::new(ShardCount::ONE));
        let bytes = Header { shard: read.shard, epoch, span, head, edition: None, history }.write(rows);
        follower.answered(read, &Delta::parse(&bytes)?, None, now);
        Ok(())
    }
}

/// What a server knows of revocations: those of its store, whose log it follows, and what it has revoked itself.
pub struct StoreRevocations {
    follower: Follower,
    /// A sync that nobody waits for.
    refresh: Option<SyncId>,
    /// What went wrong last.
    problem: String,
}

/// A token that is looked up in the store itself.
#[derive(Debug)]
pub struct StoreLookUp {
    ids: Arc<TokenIds>,
    policy: Arc<Policy>,
    /// Whether what is known here counts for nothing.
    by_store_alone: bool,
}

impl StoreLookUp {
    /// Goes by what is found alone. What was to be revoked here, and could not be written, is refused here already; who comes once more
    /// to have it revoked must not be told that it is.
    #[must_use]
    pub(crate) fn by_store_alone(self) -> Self {
        Self { by_store_alone: true, ..self }
    }

    /// What to look up.
    pub fn ids(&self) -> impl Iterator<Item = RevocationId> {
        self.ids.iter()
    }
}

impl StoreRevocations {
    pub(crate) fn new(terms: Terms, seed: u64) -> Self {
        Self { follower: Follower::new(terms, seed), refresh: None, problem: "it was not asked yet".into() }
    }

    pub(crate) fn look_up(ids: &Arc<TokenIds>, policy: &Arc<Policy>) -> StoreLookUp {
        StoreLookUp { ids: ids.clone(), policy: policy.clone(), by_store_alone: false }
    }

    /// Goes on with a token of which the store has these rows: all of them, unless there is an outage.
    pub(crate) fn found(
        &self,
        StoreLookUp { ids, policy, by_store_alone }: &StoreLookUp,
        rows: &[Revocation],
        outage: Option<String>,
        now: Timestamp,
    ) -> Result<Step<StoreLookUp>, Error> {
        // What is found revoked is revoked, whatever else could not be read. This process may know more by now.
        refuse(ids.verdict(rows), now)?;
        if !by_store_alone {
            self.refuse_revoked(ids, now)?;
        }
        match (outage, policy.in_outages()) {
            (None, _) => Ok(Step::Admit(Source::Fresh)),
            (Some(_), Outage::DangerOpen) => Ok(Step::Admit(Source::None)),
            (Some(cause), _) => Err(Error::StoreUnavailable(cause)),
        }
    }

    pub(crate) fn next_read(&mut self, sync: SyncId, now: Timestamp) -> Option<Read> {
        self.follower.next_read(sync, now)
    }

    pub(crate) fn answered(&mut self, read: &Read, answer: Result<LogPart<'_>, String>, now: Timestamp) {
        let told = answer.and_then(|part| part.tell(&mut self.follower, read, now).map_err(|error| error.to_string()));
        if let Err(problem) = told {
            self.problem = problem;
            self.follower.failed(read, now);
        }
    }
}

impl Revocations for StoreRevocations {
    type LookUp = StoreLookUp;

    fn live(&self) -> &LiveSet {
        self.follower.live()
    }

    fn max_staleness(&self) -> Option<Duration> {
        Some(self.follower.terms().max_staleness)
    }

    fn record(&mut self, revocations: &[Revocation], now: Timestamp) {
        self.follower.record(revocations, now);
    }

    fn judge(
        &mut self,
        ids: &Arc<TokenIds>,
        policy: &Arc<Policy>,
        mode: Mode,
        arrived: Timestamp,
        now: Timestamp,
    ) -> Result<Step<StoreLookUp>, Error> {
        // What is known to be revoked is revoked, however old that is.
        self.refuse_revoked(ids, now)?;
        match mode {
            Mode::DangerIsolate => Ok(Step::Admit(Source::Isolate)),
            Mode::Strict => Ok(Step::LookUp(Self::look_up(ids, policy))),
            Mode::Bounded => match self.follower.ask(arrived, when_stale(policy), now) {
                follower::Step::Decide { source, refresh } => {
                    self.refresh = refresh.or(self.refresh);
                    Ok(Step::Admit(source))
                }
                follower::Step::Sync(sync) => Ok(Step::Sync(sync)),
                follower::Step::Wait(pause) => Ok(Step::Wait(pause)),
                follower::Step::Refuse { .. } => Err(Error::StoreUnavailable(self.problem.clone())),
            },
            // A policy of a program's: the configuration's are refused when they are read.
            Mode::Eventual => Err(ConfigError::new("mode", NO_WORKERS_KV).into()),
        }
    }

    fn is_due(&self) -> bool {
        self.refresh.is_some()
    }

    fn due(&mut self) -> Option<SyncId> {
        self.refresh.take()
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use quash_core::{
        Issuer, IssuerTerms, Pepper, Peppers, Reason, UnverifiedToken, VerifiedToken, follower::WhenStale,
    };

    use super::*;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + secs)
    }

    fn token() -> VerifiedToken {
        let peppers = Peppers::new(vec![Pepper::new(&[7; 32]).unwrap()]).unwrap();
        let terms = Arc::new(IssuerTerms::new(Issuer::new("a", Duration::from_secs(900)), &peppers));
        let payload = r#"{"iss":"a","jti":"j","iat":1800000000,"exp":1800000600}"#;
        let text = [r#"{"alg":"HS256"}"#, payload, "sig"].map(|text| BASE64_URL_SAFE_NO_PAD.encode(text)).join(".");
        terms.vouch(UnverifiedToken::parse(&text).unwrap())
    }

    fn ids() -> Arc<TokenIds> {
        Arc::new(token().in_force(at(0)).unwrap().ids())
    }

    fn revocation() -> Revocation {
        token().revocation(Reason::Logout, at(0)).unwrap()
    }

    /// Tells that nothing is in the log, or that it cannot be read.
    fn read(revocations: &mut StoreRevocations, sync: SyncId, rows: Option<&[Revocation]>, now: Timestamp) {
        while let Some(read) = revocations.next_read(sync, now) {
            let answer = rows.ok_or_else(|| "is down".to_owned()).map(|rows| {
                let head = rows.len() as u64;
                LogPart { epoch: 7, span: Span { from: 0, to: head }, head, rows }
            });
            revocations.answered(&read, answer, now);
        }
    }

    fn code(step: Result<Step<StoreLookUp>, Error>) -> &'static str {
        match step {
            Ok(Step::Admit(source)) => source.name(),
            Ok(Step::LookUp(_)) => "look_up",
            Ok(Step::Sync(_)) => "sync",
            Ok(_) => "another step",
            Err(error) => error.code(),
        }
    }

    #[test]
    fn a_log_that_was_read_decides_until_it_is_too_old() {
        let mut revocations = StoreRevocations::new(Terms::default(), 1);
        let (ids, policy) = (ids(), Arc::default());
        let judge = |revocations: &mut StoreRevocations, secs| {
            revocations.judge(&ids, &policy, Mode::Bounded, at(secs), at(secs))
        };
        let Ok(Step::Sync(sync)) = judge(&mut revocations, 0) else { panic!() };
        read(&mut revocations, sync, Some(&[]), at(0));
        assert_eq!(code(judge(&mut revocations, 1)), "fresh");
        assert!(!revocations.is_due());
        // It is time, but nobody has to wait.
        assert_eq!(code(judge(&mut revocations, 5)), "fresh");
        let refresh = revocations.due().unwrap();
        read(&mut revocations, refresh, Some(&[revocation()]), at(5));
        assert_eq!(code(judge(&mut revocations, 5)), "token_revoked");
    }

    #[test]
    fn an_outage_is_met_as_the_policy_wants_it() {
        let hour = Duration::from_secs(3600);
        for (outage, bounded, strict) in [
            (Outage::Closed, "store_unavailable", "store_unavailable"),
            (Outage::LastKnownGood(hour), "last_known_good", "store_unavailable"),
            (Outage::DangerOpen, "none", "none"),
        ] {
            let mut revocations = StoreRevocations::new(Terms::default(), 1);
            let (ids, policy) = (ids(), Arc::new(Policy::new().outage(outage)));
            for (secs, rows) in [(0, Some(&[][..])), (60, None)] {
                let follower::Step::Sync(sync) = revocations.follower.ask(at(secs), WhenStale::Closed, at(secs)) else {
                    panic!()
                };
                read(&mut revocations, sync, rows, at(secs));
            }
            assert_eq!(code(revocations.judge(&ids, &policy, Mode::Bounded, at(60), at(60))), bounded);
            let look_up = StoreRevocations::look_up(&ids, &policy);
            let found = |rows: &[Revocation], outage: Option<&str>| {
                code(revocations.found(&look_up, rows, outage.map(str::to_owned), at(60)))
            };
            assert_eq!((found(&[], None), found(&[], Some("is down"))), ("fresh", strict));
            assert_eq!(found(&[revocation()], Some("is down")), "token_revoked");
        }
    }

    #[test]
    fn a_mode_says_where_revocations_are_looked_for() {
        let mut revocations = StoreRevocations::new(Terms::default(), 1);
        let (ids, policy) = (ids(), Arc::default());
        let mut judge = |mode| code(revocations.judge(&ids, &policy, mode, at(0), at(0)));
        let expected = ["sync", "look_up", "isolate", "configuration_invalid"];
        assert_eq!([Mode::Bounded, Mode::Strict, Mode::DangerIsolate, Mode::Eventual].map(&mut judge), expected);
        // What was revoked here is known at once, and however it is looked for.
        revocations.record(&[revocation()], at(0));
        let mut judge = |mode| code(revocations.judge(&ids, &policy, mode, at(0), at(0)));
        assert_eq!([Mode::Bounded, Mode::Strict, Mode::DangerIsolate].map(&mut judge), ["token_revoked"; 3]);
        let look_up = StoreRevocations::look_up(&ids, &policy);
        assert_eq!(code(revocations.found(&look_up, &[], None, at(0))), "token_revoked");
        // But for who comes to have it revoked once more, since the store did not take it.
        assert_eq!(code(revocations.found(&look_up.by_store_alone(), &[], None, at(0))), "fresh");
    }

    #[test]
    fn what_is_no_part_of_a_log_is_an_outage() {
        let mut revocations = StoreRevocations::new(Terms::default(), 1);
        let (ids, policy) = (ids(), Arc::default());
        let Ok(Step::Sync(sync)) = revocations.judge(&ids, &policy, Mode::Bounded, at(0), at(0)) else { panic!() };
        let read = revocations.next_read(sync, at(0)).unwrap();
        // It ends before it begins.
        let part = LogPart { epoch: 7, span: Span { from: 3, to: 2 }, head: 2, rows: &[] };
        revocations.answered(&read, Ok(part), at(0));
        assert_eq!(code(revocations.judge(&ids, &policy, Mode::Bounded, at(0), at(0))), "store_unavailable");
    }
}
