use std::time::Duration;

use quash_core::{
    Timestamp,
    follower::{self, Source, SyncId, WhenStale},
};

use crate::{answer::Answer, engine::Engine, json_object::JsonObject, policy::Mode};

/// The least number that is told of revocations. A finer one would tell whoever asks again and again when somebody logs out.
const FEW_ENTRIES: usize = 1024;

/// What is next with a request that asks how the guard is.
#[derive(Debug)]
pub enum Health {
    /// This is the answer.
    Answer(Answer),
    /// Make the [reads](Engine::next_read) of this sync, then ask again.
    Sync(SyncId),
    /// Ask again after this time.
    Wait(Duration),
}

impl Engine {
    /// Tells how the guard is, whoever asks: where the ledger is followed, what a request would meet on a route that is `bounded` and
    /// `closed`. Then the ledger is read first where such a request would have it read, so an isolate that has just started is
    /// well. `arrived` is when the request did: it stays the same when it asks again.
    pub fn health(&mut self, arrived: Timestamp, now: Timestamp) -> Health {
        let mode = self.routes.mode;
        let told = |status: &str, source: Source| {
            JsonObject::new().text("status", status).text("mode", mode.name()).text("source", source.name())
        };
        let (code, body) = match self.revocations.followed_mut().filter(|_| mode == Mode::Bounded) {
            // What is asked for each request is not asked for this one, and the log is not read for strangers alone.
            None => {
                let source = match mode {
                    Mode::DangerIsolate => Source::Isolate,
                    Mode::Strict => Source::Fresh,
                    Mode::Eventual | Mode::Bounded => Source::Kv,
                };
                (200, told("ok", source))
            }
            Some(followed) => {
                let is_fresh = match followed.ask(arrived, WhenStale::Closed, now) {
                    follower::Step::Decide { .. } => true,
                    follower::Step::Refuse { .. } => false,
                    follower::Step::Sync(sync) => return Health::Sync(sync),
                    follower::Step::Wait(pause) => return Health::Wait(pause),
                };
                let (follower, age) = (followed.follower(), followed.follower().age(now));
                let (code, status, source) = match age {
                    Some(_) if is_fresh && follower.is_in_trouble() => (200, "degraded", Source::Fresh),
                    Some(_) if is_fresh => (200, "ok", Source::Fresh),
                    Some(age) => (503, "down", Source::LastKnownGood(age)),
                    None => (503, "down", Source::None),
                };
                let body = told(status, source);
                let body = match age {
                    Some(age) => body.json("age", &format!("{}.{:03}", age.as_secs(), age.subsec_millis())),
                    None => body,
                };
                (code, body.number("max_staleness", follower.terms().max_staleness.as_secs()))
            }
        };
        let entries = self.revocations.len().next_power_of_two().max(FEW_ENTRIES);
        Health::Answer(Answer::new(code, body.number("entries_at_most", entries as u64).end()))
    }
}

#[cfg(test)]
mod tests {
    use quash_core::{
        Cover, Cutoff, Reason, Revocation, RevocationId,
        ledger::{Header, ShardCount, ShardHistory, Span},
    };
    use serde_json::json;

    use super::*;
    use crate::config::Config;

    fn engine(terms: serde_json::Value) -> Engine {
        let mut document = json!({
            "origin": { "service": "ORIGIN" },
            "issuers": [{ "issuer": "a", "max_lifetime": 900, "keys": [{ "alg": "HS256", "secret": "SECRET" }] }],
        });
        document.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        let secret = |_: &str| Some("a secret of thirty-two bytes, no less".into());
        let (config, trust) = Config::parse(&document.to_string(), secret).unwrap_or_else(|error| panic!("{error}"));
        Engine::new(config, trust, 1)
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + millis)
    }

    fn answer(engine: &mut Engine, now: Timestamp) -> (u16, String) {
        match engine.health(now, now) {
            Health::Answer(answer) => (answer.status, answer.body),
            other => panic!("{other:?}"),
        }
    }

    /// Makes the reads of a sync, if the ledger is there.
    fn sync(engine: &mut Engine, now: Timestamp, is_there: bool) {
        let Health::Sync(sync) = engine.health(now, now) else { panic!("has nothing to read") };
        let history = Some(ShardHistory::new(ShardCount::ONE));
        let delta =
            Header { shard: 0, epoch: 7, span: Span { from: 0, to: 0 }, head: 0, edition: None, history }.write([]);
        while let Some(read) = engine.next_read(sync, now) {
            let answer = if is_there { Ok(delta.as_slice()) } else { Err("is down".into()) };
            engine.read(&read, answer, None, now);
        }
    }

    #[test]
    fn a_ledger_that_is_not_followed_is_not_read_for_strangers() {
        for (mode, source) in [("eventual", "kv"), ("danger_isolate", "isolate"), ("strict", "fresh")] {
            let mut engine = engine(json!({ "ledger": {}, "mode": mode }));
            let told = format!(r#"{{"status":"ok","mode":"{mode}","source":"{source}","entries_at_most":1024}}"#);
            assert_eq!(answer(&mut engine, at(0)), (200, told));
        }
    }

    #[test]
    fn without_a_ledger_it_is_what_workers_kv_is() {
        let told = r#"{"status":"ok","mode":"eventual","source":"kv","entries_at_most":1024}"#;
        assert_eq!(answer(&mut engine(json!({})), at(0)), (200, told.into()));
        let told = r#"{"status":"ok","mode":"danger_isolate","source":"isolate","entries_at_most":1024}"#;
        assert_eq!(answer(&mut engine(json!({ "mode": "danger_isolate" })), at(0)), (200, told.into()));
    }

    #[test]
    fn it_is_as_well_as_what_it_follows() {
        let mut engine = engine(json!({ "ledger": {} }));
        let told = |status, source, age: &str| {
            let mode = r#""mode":"bounded""#;
            let rest = r#""max_staleness":5,"entries_at_most":1024"#;
            format!(r#"{{"status":"{status}",{mode},"source":"{source}",{age}{rest}}}"#)
        };
        // Nothing was ever read.
        sync(&mut engine, at(0), false);
        assert_eq!(answer(&mut engine, at(1)), (503, told("down", "none", "")));
        sync(&mut engine, at(1000), true);
        assert_eq!(answer(&mut engine, at(1040)), (200, told("ok", "fresh", r#""age":0.040,"#)));
        // What is read in the background fails.
        let (status, body) = answer(&mut engine, at(5000));
        assert_eq!((status, body), (200, told("ok", "fresh", r#""age":4.000,"#)));
        let Some(crate::Due::Sync(refresh)) = engine.due(at(5000)) else { panic!("is not due") };
        let read = engine.next_read(refresh, at(5000)).unwrap();
        engine.read(&read, Err("is down".into()), None, at(5000));
        assert_eq!(answer(&mut engine, at(5001)), (200, told("degraded", "fresh", r#""age":4.001,"#)));
        sync(&mut engine, at(6001), false);
        assert_eq!(answer(&mut engine, at(6002)), (503, told("down", "last_known_good", r#""age":5.002,"#)));
        sync(&mut engine, at(9000), true);
        assert_eq!(answer(&mut engine, at(9000)), (200, told("ok", "fresh", r#""age":0.000,"#)));
    }

    #[test]
    fn nobody_sees_a_single_user_log_out() {
        let mut engine = engine(json!({}));
        let revocation = |number: u128| Revocation {
            id: RevocationId::from_bytes((number << 64 | number).to_be_bytes()),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: at(900_000),
            revoked_at: at(0),
            reason: Reason::Logout,
        };
        let before = answer(&mut engine, at(0));
        engine.record(&[revocation(1)], at(0));
        assert_eq!(answer(&mut engine, at(0)), before);
        engine.record(&(1..=1500).map(|number| revocation(number << 20)).collect::<Vec<_>>(), at(0));
        assert!(answer(&mut engine, at(0)).1.ends_with(r#""entries_at_most":2048}"#));
    }
}
