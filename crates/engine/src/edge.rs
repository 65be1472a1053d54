//! What an engine at the edge is asked and told besides: of Workers KV, and of the ledger.

use std::sync::Arc;

use quash_core::{
    Revocation, Timestamp, ValidToken,
    follower::{Source, SyncId},
    ledger::ShardHistory,
};

use crate::{
    config::Config,
    engine::{Engine, Step},
    error::Error,
    look_up::LookUp,
    policy::{Mode, Policy},
    revocations::{EdgeRevocations, LedgerRead, Revocations, refuse},
    trust::Trust,
};

impl Engine {
    /// The engine of a deployment. `seed` is to be random: isolates that read at the same moments would all ask the ledger.
    pub fn new(config: Config, trust: Trust, seed: u64) -> Self {
        let revocations = match &config.ledger {
            None => EdgeRevocations::default(),
            Some(ledger) => EdgeRevocations::followed(ledger.terms, &trust, seed),
        };
        Self::with(revocations, config.routes, config.policies, trust)
    }

    /// Whether there are routes that look for revocations in Workers KV alone: then it has to have each of them.
    pub fn relies_on_workers_kv(&self) -> bool {
        let is_eventual = |(_, policy): &(_, Arc<Policy>)| self.routes.mode_of(policy) == Mode::Eventual;
        self.routes.mode == Mode::Eventual || self.policies.routes.iter().any(is_eventual)
    }

    /// Goes on with a request whose token was looked up. `history` is what the root of the ledger told with its answer.
    ///
    /// # Errors
    /// Why it may not pass: an entry that was found, or that `outage` may have hidden one.
    pub fn looked_up(
        &mut self,
        look_up: LookUp,
        entries: &[Revocation],
        outage: Option<String>,
        history: Option<ShardHistory>,
        now: Timestamp,
    ) -> Step {
        self.settle(|engine| {
            if let (Some(arrived), Some(followed)) = (look_up.arrived(), engine.revocations.followed_mut()) {
                return followed.resolve(&look_up, arrived, entries, outage, now);
            }
            if let (Some(_), Some(followed)) = (look_up.history(), engine.revocations.followed_mut()) {
                followed.told(entries, now);
            }
            // What is found revoked is revoked, whatever else could not be read; unless it was lifted since, as the ledger has told.
            let live = engine.revocations.live();
            // What has expired is forgotten by the ledger: what it revokes afterwards has no count.
            let known = |id| live.lookup(id).filter(|known| known.expires_at > now);
            let lifts = |id| known(id).map_or(0, |known| known.cover.lifts());
            let found: Vec<_> =
                entries.iter().filter(|entry| entry.cover.lifts() >= lifts(&entry.id)).copied().collect();
            let is_behind = entries.iter().any(|entry| entry.cover.lifts() > lifts(&entry.id));
            refuse(look_up.ids.verdict(&found), now)?;
            // This isolate may know more by now.
            let by_store_alone = look_up.is_by_store_alone();
            if !by_store_alone && let Err(revoked) = engine.revocations.refuse_revoked(&look_up.ids, now) {
                // Or what has been lifted since: the ledger says.
                return match engine.revocations.followed_mut() {
                    Some(followed) if is_behind && look_up.history().is_none() => {
                        Ok(Step::LookUp(followed.look_up(&look_up.ids, &look_up.policy)))
                    }
                    _ => Err(revoked),
                };
            }
            let source = match (outage, look_up.in_outages()) {
                (Some(cause), None) => return Err(Error::StoreUnavailable(cause)),
                (None, _) => look_up.source(),
                (Some(_), Some(source)) => source,
            };
            if let (Source::LastKnownGood(_), Some(followed)) = (source, engine.revocations.followed_mut()) {
                return followed.last_known_good(&look_up.policy, now).map(Step::Admit);
            }
            if source.is_degraded() {
                return Ok(Step::Admit(source));
            }
            let (Some(asked_by), Some(followed)) = (look_up.history(), engine.revocations.followed_mut()) else {
                return Ok(Step::Admit(source));
            };
            let history =
                history.ok_or_else(|| Error::StoreUnavailable("the ledger's root tells no history".into()))?;
            let asked_all = asked_by.as_slice() == history.as_slice();
            followed.learn(history);
            match asked_all {
                false => {
                    let again = followed.look_up(&look_up.ids, &look_up.policy);
                    Ok(Step::LookUp(again.by_store_alone(by_store_alone)))
                }
                true if followed.is_settled(now) => Ok(Step::Admit(source)),
                true => {
                    let in_kv = LookUp::in_kv(&look_up.ids, &look_up.policy, source);
                    Ok(Step::LookUp(in_kv.by_store_alone(by_store_alone)))
                }
            }
        })
    }

    /// What to look up for a token in force, outside a guarded request: as strictly as can be, and by the store alone.
    pub fn look_up_of(&self, token: &ValidToken) -> LookUp {
        self.revocations.look_up_of(Arc::new(token.ids())).by_store_alone(true)
    }

    /// What to read for a sync, in any order or all at once; `None` when there is nothing now. Each answer may bring more.
    pub fn next_read(&mut self, sync: SyncId, now: Timestamp) -> Option<LedgerRead> {
        self.revocations.followed_mut()?.next_read(sync, now)
    }

    /// Whether a copy in the data centre's cache will do, of an answer that was asked for at `copied_at`.
    pub fn is_usable(&mut self, read: &LedgerRead, copied_at: Timestamp, now: Timestamp) -> bool {
        self.revocations.followed_mut().is_some_and(|followed| followed.is_usable(read, copied_at, now))
    }

    /// Takes what a read brought: the ledger's own answer, or a copy that was asked for at `copied_at`; or why there is none.
    pub fn read(
        &mut self,
        read: &LedgerRead,
        answer: Result<&[u8], String>,
        copied_at: Option<Timestamp>,
        now: Timestamp,
    ) {
        let Some(followed) = self.revocations.followed_mut() else { return };
        match answer {
            Ok(bytes) => followed.answered(read, bytes, copied_at, now),
            Err(problem) => followed.failed(read, problem, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
    use quash_core::{Cover, Cutoff, Pepper, Reason, Target};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "a secret of thirty-two bytes, no less";

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(1_800_000_000 + secs)
    }

    /// An engine that looks in Workers KV, and has lifted there what ends the session `s`, which has expired 100 s later.
    fn stand() -> (Engine, Revocation) {
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
        let document = json!({
            "origin": { "service": "ORIGIN" },
            "ledger": {},
            "mode": "eventual",
            "issuers": [{ "issuer": "a", "max_lifetime": 10_000, "keys": [{ "alg": "ES256", "jwk": jwk }] }],
        });
        let (config, trust) = Config::parse(&document.to_string(), |_| Some(SECRET.into())).unwrap();
        let mut engine = Engine::new(config, trust, 1);
        let id = Pepper::new(SECRET.as_bytes()).unwrap().namespace("a").id(&Target::Session("s"));
        let cover = Cover::everyone(Cutoff::Always);
        let revocation = Revocation { id, cover, expires_at: at(100), revoked_at: at(0), reason: Reason::Logout };
        engine.record(&[Revocation { cover: cover.lifted().unwrap(), ..revocation }], at(0));
        (engine, revocation)
    }

    /// What becomes of a token of the session when Workers KV has these entries.
    fn judged(engine: &mut Engine, entries: &[Revocation], now: Timestamp) -> Step {
        let encode = |value: Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = json!({ "iss": "a", "sid": "s", "jti": "t", "iat": 1_800_000_000, "exp": 1_800_009_000 });
        let text = format!("{}.{}.c2lnbmF0dXJl", encode(json!({ "alg": "ES256" })), encode(claims));
        let mut step = engine.judge(&text, &Arc::default(), now, now);
        if let Step::Check(checking) = step {
            step = engine.checked(checking, true, now);
        }
        let Step::LookUp(look_up) = step else { panic!("{step:?}") };
        engine.looked_up(look_up, entries, None, None, now)
    }

    #[test]
    fn what_was_lifted_hides_what_is_revoked_anew_no_longer_than_it_is_kept() {
        let (mut engine, revocation) = stand();
        let anew = |now: Timestamp| Revocation { expires_at: now.plus(Duration::from_secs(10_000)), ..revocation };
        // A copy of before.
        assert!(matches!(judged(&mut engine, &[anew(at(50))], at(50)), Step::Admit(_)));
        // The ledger has forgotten how often it was lifted.
        let now = at(100);
        assert!(matches!(judged(&mut engine, &[anew(now)], now), Step::Refuse(Error::Revoked { .. })));
    }
}
