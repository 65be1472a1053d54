//! Status lists, as an engine has them read.

use std::{sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use quash_core::Timestamp;
use serde_json::{Value, json};

use super::{
    list::lifetime,
    reading::{MAX_BYTES, Taken},
};
use crate::{
    config::Config,
    engine::{Engine, Step},
    error::Error,
    keys::{Fetch, Fetched, Keep, source::Location},
    policy::{Outage, Policy},
};

const ONE: &str = "https://a.example/lists/1";
const OTHERS: &str = "https://c.example/lists/1";
const HOUR: Duration = Duration::from_secs(3600);

/// An engine that checks the lists of `a`, which are read for an hour at most, and a clock that starts at 0.
struct Stand {
    engine: Engine,
    now: Timestamp,
}

fn at(secs: u64) -> Timestamp {
    Timestamp::from_secs(1_800_000_000 + secs)
}

fn text(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}.c2lnbmF0dXJl", encode(header), encode(claims))
}

fn token(uri: &str, index: u64) -> String {
    let status = json!({ "status_list": { "idx": index, "uri": uri } });
    let issuer = if uri == OTHERS { "c" } else { "a" };
    let claims = json!({ "iss": issuer, "iat": 1_800_000_000, "exp": 1_800_010_000, "status": status });
    text(&json!({ "alg": "ES256", "kid": "k" }), &claims)
}

/// The list at an address, with these claims besides.
fn list(uri: &str, claims: &Value) -> String {
    list_by(("ES256", "k"), uri, claims)
}

fn list_by((alg, kid): (&str, &str), uri: &str, claims: &Value) -> String {
    let mut all = json!({ "sub": uri, "iat": 1_800_000_000, "status_list": { "bits": 2, "lst": "AAAA" } });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    text(&json!({ "alg": alg, "kid": kid, "typ": "statuslist+jwt" }), &all)
}

impl Stand {
    fn new() -> Self {
        let jwk = json!({ "kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
            "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" });
        let document = json!({
            "origin": { "service": "ORIGIN" },
            "issuers": [{
                "issuer": "a", "max_lifetime": 10_000, "leeway": 0, "jwks_uri": "https://a.example/jwks",
                "keys": [{ "kid": "k", "alg": "ES256", "jwk": jwk }],
                "status_lists": { "uris": ["https://a.example/lists/"] },
            }, {
                "issuer": "c", "max_lifetime": 10_000, "leeway": 0,
                "keys": [{ "kid": "k", "alg": "ES256", "jwk": jwk }],
                "status_lists": { "uris": [OTHERS] },
            }],
        });
        let secret = |_: &str| Some("a secret of thirty-two bytes, no less".into());
        let (config, trust) = Config::parse(&document.to_string(), secret).unwrap_or_else(|error| panic!("{error}"));
        Self { engine: Engine::new(config, trust, 1), now: at(0) }
    }

    fn wait(&mut self, secs: u64) {
        self.now = self.now.plus(Duration::from_secs(secs));
    }

    fn judge_by(&mut self, uri: &str, index: u64, outage: Outage, arrived: Timestamp) -> Step {
        let (text, policy) = (token(uri, index), Arc::new(Policy::new().outage(outage)));
        let mut step = self.engine.judge(&text, &policy, arrived, self.now);
        while let Step::Check(checking) = step {
            step = self.engine.checked(checking, true, self.now);
        }
        step
    }

    /// What becomes of a token: its refusal, what is next, or "passes" when only Workers KV is left to be asked.
    fn outcome_by(&mut self, uri: &str, index: u64, outage: Outage) -> &'static str {
        self.outcome_of(uri, index, outage, self.now)
    }

    fn outcome_of(&mut self, uri: &str, index: u64, outage: Outage, arrived: Timestamp) -> &'static str {
        match self.judge_by(uri, index, outage, arrived) {
            Step::LookUp(_) => "passes",
            Step::Refuse(error) => error.code(),
            Step::Read(_) => "read",
            Step::Wait(_) => "wait",
            step => panic!("{step:?}"),
        }
    }

    fn outcome(&mut self, index: u64) -> &'static str {
        self.outcome_by(ONE, index, Outage::Closed)
    }

    /// Why a token does not pass, for an operator.
    fn refusal(&mut self, uri: &str) -> String {
        match self.judge_by(uri, 0, Outage::Closed, self.now) {
            Step::Refuse(Error::StatusListUnavailable(problem)) => problem,
            step => panic!("{step:?}"),
        }
    }

    /// Has the keys be read that `a` publishes now.
    fn publish(&mut self, kids: &[&str]) -> Keep {
        let fetch = Fetch::new(0, &Location::JwkSet("https://a.example/jwks".into()), HOUR);
        let keys: Vec<_> =
            kids.iter().map(|kid| json!({ "kty": "OKP", "crv": "Ed25519", "x": kid, "kid": kid })).collect();
        let body = json!({ "keys": keys }).to_string();
        let (age, kept) = (Duration::ZERO, Duration::ZERO);
        let fetched = Fetched { body: body.as_bytes(), cache_control: None, age, kept };
        match self.engine.fetched(&fetch, Ok(fetched), self.now) {
            Taken::Done(keep) => keep,
            taken => panic!("{taken:?}"),
        }
    }

    fn asks_for(&mut self, uri: &str) -> Fetch {
        match self.judge_by(uri, 0, Outage::Closed, self.now) {
            Step::Read(fetch) => fetch,
            step => panic!("{step:?}"),
        }
    }

    /// Has a list be read that has these bytes.
    fn read(&mut self, fetch: &Fetch, claims: &Value, bytes: &[u8], (age, kept): (u64, u64)) -> Keep {
        let body = list(&fetch.url, claims);
        let (age, kept) = (Duration::from_secs(age), Duration::from_secs(kept));
        let fetched = Fetched { body: body.as_bytes(), cache_control: None, age, kept };
        let Taken::Check(checking) = self.engine.fetched(fetch, Ok(fetched), self.now) else { panic!("is no list") };
        let Taken::Inflate(deflated) = self.engine.list_checked(checking, Ok(true), self.now) else {
            panic!("no list")
        };
        assert_eq!(deflated.bytes(), [0; 3]);
        match self.engine.inflated(deflated, Ok(bytes.into()), self.now) {
            Taken::Done(keep) => keep,
            taken => panic!("{taken:?}"),
        }
    }

    fn fail(&mut self, fetch: &Fetch) {
        let taken = self.engine.fetched(fetch, Err("answers 500".into()), self.now);
        assert!(matches!(taken, Taken::Done(keep) if keep == Keep::default()));
    }

    fn due(&mut self) -> Option<Fetch> {
        match self.engine.due(self.now) {
            Some(crate::Due::Read(fetch)) if fetch.is_of_status_list() => Some(fetch),
            _ => None,
        }
    }
}

/// Valid, invalid, suspended, and one that only its issuer knows.
const FOUR: &[u8] = &[0b11_10_01_00];

#[test]
fn a_list_says_who_is_in_force() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    assert_eq!((fetch.url.as_str(), fetch.accept(), fetch.cached_for), (ONE, "application/statuslist+jwt", HOUR));
    assert_eq!(stand.read(&fetch, &json!({}), FOUR, (0, 0)).lifetime, Duration::from_secs(300));
    let outcomes = [0, 1, 2, 3, 4, 1 << 40].map(|index| stand.outcome(index));
    let unknown = "status_list_unavailable";
    assert_eq!(outcomes, ["passes", "token_revoked", "token_suspended", "token_status_refused", unknown, unknown]);
    assert_eq!(stand.outcome_by(ONE, 4, Outage::DangerOpen), "passes");
    assert_eq!(stand.outcome_by(ONE, 4, Outage::LastKnownGood(HOUR)), unknown, "nothing good was known");
    assert_eq!(stand.outcome_by(ONE, 2, Outage::DangerOpen), "token_suspended");
    assert_eq!(stand.outcome_by("https://b.example/lists/1", 0, Outage::DangerOpen), "status_list_refused");
}

#[test]
fn one_reads_and_the_others_wait_but_not_for_ever() {
    let mut stand = Stand::new();
    stand.asks_for(ONE);
    assert_eq!(stand.outcome(0), "wait");
    stand.wait(5);
    assert_eq!(stand.outcome(0), "wait");
    // Its request was cancelled.
    stand.wait(1);
    let fetch = stand.asks_for(ONE);
    // Somebody has waited for two reads.
    stand.wait(6);
    let first = stand.asks_for(ONE);
    assert!(matches!(stand.judge_by(ONE, 0, Outage::Closed, at(0)), Step::Refuse(Error::StatusListUnavailable(_))));
    stand.fail(&first);
    assert_eq!(stand.outcome(0), "status_list_unavailable");
    // Late, and good all the same.
    stand.read(&fetch, &json!({}), FOUR, (0, 0));
    assert_eq!(stand.outcome(0), "passes");
}

#[test]
fn who_has_waited_for_too_long_is_answered_as_the_policy_wants_it() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({ "ttl": 100 }), FOUR, (0, 0));
    stand.wait(100);
    let arrived = stand.now;
    // Whoever reads it is cancelled, again and again.
    for _ in 0..3 {
        stand.asks_for(ONE);
        stand.wait(6);
    }
    let good = Outage::LastKnownGood(Duration::from_secs(150));
    for (index, closed, last, open) in [
        (0, "status_list_unavailable", "passes", "passes"),
        (1, "token_revoked", "token_revoked", "token_revoked"),
        (4, "status_list_unavailable", "status_list_unavailable", "passes"),
    ] {
        let outcomes =
            [Outage::Closed, good, Outage::DangerOpen].map(|outage| stand.outcome_of(ONE, index, outage, arrived));
        assert_eq!(outcomes, [closed, last, open], "{index}");
    }
    assert!(stand.due().is_some(), "it is read all the same");
}

#[test]
fn a_place_that_is_new_is_found_before_the_list_is_stale() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({}), FOUR, (0, 0));
    assert_eq!((stand.outcome(4), stand.due()), ("status_list_unavailable", None), "it was read a moment ago");
    stand.wait(10);
    assert_eq!(stand.outcome(0), "passes");
    let Step::Read(fetch) = stand.judge_by(ONE, 4, Outage::Closed, stand.now) else { panic!("is not read") };
    assert!(fetch.cached_for < Duration::from_secs(10), "the same copy would do");
    assert_eq!((stand.outcome(4), stand.outcome(0)), ("wait", "passes"));
    stand.read(&fetch, &json!({}), &[0, 0b01], (0, 0));
    assert_eq!((stand.outcome(4), stand.outcome(5)), ("token_revoked", "passes"));
    // Nobody has it be read for each request.
    assert_eq!((stand.outcome(8), stand.due()), ("status_list_unavailable", None));
}

#[test]
fn a_list_is_read_again_before_it_expires() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    let dies = json!({ "exp": 1_800_000_100 });
    stand.read(&fetch, &dies, FOUR, (0, 0));
    let mut reads = 0;
    for _ in 0..100 {
        assert_eq!(stand.outcome(0), "passes");
        if let Some(fetch) = stand.due() {
            reads += 1;
            stand.read(&fetch, &dies, FOUR, (0, 0));
        }
        stand.wait(1);
    }
    assert_eq!(reads, 2, "after 80 s and 16");
    assert_eq!(stand.outcome(0), "read");
}

#[test]
fn an_issuer_that_does_not_answer_keeps_nobody_elses_lists_from_being_read() {
    let mut stand = Stand::new();
    let uri = |number: usize| format!("https://a.example/lists/{number}");
    for number in 0..20 {
        stand.outcome_by(&uri(number), 0, Outage::Closed);
    }
    assert_eq!(stand.outcome_by(&uri(20), 0, Outage::Closed), "wait");
    assert_eq!(stand.outcome_by(OTHERS, 0, Outage::Closed), "read");
}

#[test]
fn what_fails_is_remembered_when_there_are_too_many() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    stand.fail(&fetch);
    for number in 2..100 {
        let fetch = stand.asks_for(&format!("https://a.example/lists/{number}"));
        stand.read(&fetch, &json!({}), FOUR, (0, 0));
    }
    assert_eq!(stand.refusal(ONE), format!("{ONE}: answers 500"), "its issuer was asked a moment ago");
}

#[test]
fn a_list_is_read_again_when_its_key_is_withdrawn_meanwhile() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    let keys = stand.publish(&["n"]);
    assert_eq!(keys, Keep { lifetime: Duration::from_secs(300), next: None });
    let body = list_by(("EdDSA", "n"), ONE, &json!({}));
    let (age, kept) = (Duration::ZERO, Duration::ZERO);
    let fetched = Fetched { body: body.as_bytes(), cache_control: None, age, kept };
    for withdrawn in [true, false] {
        let Taken::Check(checking) = stand.engine.fetched(&fetch, Ok(fetched), stand.now) else { panic!("is no list") };
        if withdrawn {
            stand.publish(&["m"]);
            let taken = stand.engine.list_checked(checking, Ok(true), stand.now);
            assert!(matches!(taken, Taken::Done(keep) if keep == Keep::default()));
            assert_eq!(stand.asks_for(ONE).url, ONE, "at once");
            stand.publish(&["n"]);
        } else {
            let taken = stand.engine.list_checked(checking, Err("EC key: DataError".into()), stand.now);
            assert!(matches!(taken, Taken::Done(keep) if keep == Keep::default()));
            assert_eq!(stand.refusal(ONE), format!("{ONE}: EC key: DataError"));
        }
    }
}

#[test]
fn when_keys_change_lists_are_read_again_in_the_background() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({}), FOUR, (0, 0));
    stand.wait(10);
    assert_eq!((stand.outcome(0), stand.due()), ("passes", None));
    stand.publish(&["n"]);
    assert_eq!(stand.outcome(0), "passes");
    assert!(stand.due().is_some());
}

#[test]
fn a_list_is_read_again_before_it_is_too_old_and_not_gone_by_after() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({ "ttl": 100 }), FOUR, (0, 0));
    stand.wait(79);
    assert_eq!((stand.outcome(0), stand.due()), ("passes", None));
    stand.wait(1);
    assert_eq!(stand.outcome(0), "passes");
    let fetch = stand.due().unwrap();
    assert_eq!(fetch.cached_for, Duration::from_secs(50), "a copy that another isolate has just read will do");
    assert_eq!((stand.outcome(0), stand.due()), ("passes", None), "it is being read");
    stand.read(&fetch, &json!({ "ttl": 100, "iat": 1_800_000_080 }), &[0b01], (0, 0));
    assert_eq!(stand.outcome(0), "token_revoked");
    // Nobody has come for a while.
    stand.wait(100);
    assert_eq!(stand.outcome(1), "read");
}

#[test]
fn an_outage_is_met_as_the_policy_wants_it() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({ "exp": 1_800_000_200, "ttl": 100 }), FOUR, (0, 0));
    stand.wait(80);
    stand.outcome(0);
    let fetch = stand.due().unwrap();
    stand.fail(&fetch);
    assert_eq!((stand.outcome(0), stand.due()), ("passes", None), "it was tried a moment ago");
    stand.wait(20);
    let fetch = stand.asks_for(ONE);
    let good = Outage::LastKnownGood(Duration::from_secs(150));
    stand.fail(&fetch);
    for (index, closed, last, open) in [
        (0, "status_list_unavailable", "passes", "passes"),
        (1, "token_revoked", "token_revoked", "token_revoked"),
        (2, "status_list_unavailable", "token_suspended", "token_suspended"),
        (4, "status_list_unavailable", "status_list_unavailable", "passes"),
    ] {
        let outcomes = [Outage::Closed, good, Outage::DangerOpen].map(|outage| stand.outcome_by(ONE, index, outage));
        assert_eq!(outcomes, [closed, last, open], "{index}");
    }
    // Who may go on does, while somebody looks.
    stand.wait(5);
    assert_eq!(stand.outcome_by(ONE, 0, good), "passes");
    let fetch = stand.due().unwrap();
    assert_eq!(fetch.cached_for, Duration::ZERO, "no copy of what may have failed");
    assert_eq!((stand.outcome(0), stand.outcome_by(ONE, 0, good)), ("wait", "passes"));
    stand.fail(&fetch);
    stand.wait(46);
    assert_eq!(stand.outcome_by(ONE, 0, good), "read", "it is too old");
    stand.wait(49);
    // Its issuer has said that nobody may go by it.
    let fetch = stand.asks_for(ONE);
    stand.fail(&fetch);
    assert_eq!(stand.outcome_by(ONE, 1, Outage::LastKnownGood(HOUR)), "status_list_unavailable");
    assert_eq!(stand.outcome_by(ONE, 1, Outage::DangerOpen), "passes");
    stand.wait(5);
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({ "iat": 1_800_000_201 }), FOUR, (0, 0));
    assert_eq!(stand.outcome(0), "passes");
}

#[test]
fn a_list_that_cannot_be_read_is_asked_for_once_in_a_while() {
    let mut stand = Stand::new();
    let mut reads = 0;
    for _ in 0..100 {
        if let Step::Read(fetch) = stand.judge_by(ONE, 0, Outage::Closed, stand.now) {
            reads += 1;
            stand.fail(&fetch);
        }
        stand.now = stand.now.plus(Duration::from_millis(100));
    }
    assert_eq!(reads, 2, "in ten seconds");
}

#[test]
fn whatever_lists_tokens_name_a_few_are_read_at_once_and_few_are_kept() {
    let mut stand = Stand::new();
    let uri = |number: usize| format!("https://a.example/lists/{number}");
    let outcomes: Vec<_> = (0..1000).map(|number| stand.outcome_by(&uri(number), 0, Outage::Closed)).collect();
    assert_eq!(outcomes.iter().filter(|outcome| **outcome == "read").count(), 6);
    assert!(outcomes[6..].iter().all(|outcome| *outcome == "wait"));
    stand.wait(6);
    let million = vec![0; 1 << 20];
    for number in 0..200 {
        let fetch = stand.asks_for(&uri(number));
        stand.read(&fetch, &json!({}), &million, (0, 0));
        // This one is of use all the time.
        if number > 0 {
            assert_eq!(stand.outcome_by(&uri(0), 0, Outage::Closed), "passes", "after {number}");
        }
    }
    assert_eq!(stand.outcome_by(&uri(199), 0, Outage::Closed), "passes");
    // From the newest: whoever is not known takes the place of the oldest.
    let known = (2..200).rev().take_while(|number| stand.outcome_by(&uri(*number), 0, Outage::Closed) == "passes");
    let known = known.count();
    assert!((10..=15).contains(&known), "{known} of a mebibyte each, within sixteen");
}

#[test]
fn an_older_list_is_not_taken_for_a_newer_one() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({ "iat": 1_799_999_990 }), &[0b01], (0, 0));
    stand.wait(240);
    assert_eq!(stand.outcome(0), "token_revoked");
    let fetch = stand.due().unwrap();
    assert_eq!(stand.read(&fetch, &json!({ "iat": 1_799_999_989 }), &[0], (0, 0)), Keep::default());
    assert_eq!((stand.outcome(0), stand.outcome(1)), ("token_revoked", "passes"));
    stand.wait(60);
    assert_eq!(
        (stand.outcome(0), stand.outcome(1)),
        ("token_revoked", "wait"),
        "it is too old, but what is invalid stays so"
    );
    let fetch = stand.due().unwrap();
    stand.read(&fetch, &json!({ "iat": 1_799_999_990 }), &[0], (0, 0));
    assert_eq!(stand.outcome(0), "passes");
}

#[test]
fn a_copy_is_as_old_as_it_is() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    // It was 40 s old when it was read, 50 s ago.
    let keep = stand.read(&fetch, &json!({ "ttl": 100 }), FOUR, (40, 50));
    assert_eq!(keep.lifetime, Duration::from_secs(10));
    stand.wait(10);
    let fetch = stand.asks_for(ONE);
    assert!(fetch.cached_for < Duration::from_secs(60), "the same copy would do");
    // It was too old already when it was read, and is the newest that there is; but not for ever.
    let keep = stand.read(&fetch, &json!({ "ttl": 100 }), FOUR, (1000, 0));
    assert_eq!((keep.lifetime, stand.outcome(0)), (Duration::from_secs(10), "passes"));
    stand.wait(10);
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({ "ttl": 100 }), FOUR, (1000, 9));
    assert_eq!(stand.outcome(0), "passes");
    let fetch = stand.due().unwrap();
    assert!(fetch.cached_for < Duration::from_secs(9), "the same copy would be read for ever");
}

#[test]
fn a_list_is_good_for_as_long_as_all_say() {
    let lifetime = |list: Option<u64>, answer: Option<u64>, max_age| {
        let secs = |secs: u64| Duration::from_secs(secs);
        lifetime(list.map(secs), answer.map(secs), secs(max_age)).as_secs()
    };
    for (list, answer, max_age, secs) in [
        (None, None, 3600, 300),
        (None, None, 60, 60),
        (Some(100), None, 3600, 100),
        (None, Some(100), 3600, 100),
        (Some(100), Some(200), 3600, 100),
        (Some(200), Some(100), 3600, 100),
        (Some(43_200), None, 3600, 3600),
        (Some(0), None, 3600, 10),
        (Some(100), Some(0), 3600, 10),
        (Some(0), Some(0), 10, 10),
    ] {
        assert_eq!(lifetime(list, answer, max_age), secs, "{list:?} {answer:?} {max_age}");
    }
}

#[test]
fn what_is_not_a_list_of_the_issuers_is_an_outage() {
    let good = list(ONE, &json!({}));
    for body in [
        "",
        "[]",
        "\u{ff}",
        &good[1..],
        &format!("{good}\n"),
        &list("https://a.example/lists/2", &json!({})),
        &list(ONE, &json!({ "iss": "b" })),
        &token(ONE, 0),
    ] {
        let mut stand = Stand::new();
        let fetch = stand.asks_for(ONE);
        let (age, kept) = (Duration::ZERO, Duration::ZERO);
        let fetched = Fetched { body: body.as_bytes(), cache_control: None, age, kept };
        let mut taken = stand.engine.fetched(&fetch, Ok(fetched), stand.now);
        if let Taken::Check(checking) = taken {
            taken = stand.engine.list_checked(checking, Ok(true), stand.now);
        }
        assert!(matches!(taken, Taken::Done(keep) if keep == Keep::default()), "{body}");
        assert_eq!(stand.outcome(0), "status_list_unavailable", "{body}");
    }
    for (valid, inflated) in
        [(false, Ok(vec![0])), (true, Err("is no zlib".into())), (true, Ok(vec![0; MAX_BYTES + 1]))]
    {
        let mut stand = Stand::new();
        let fetch = stand.asks_for(ONE);
        let (age, kept) = (Duration::ZERO, Duration::ZERO);
        let fetched = Fetched { body: good.as_bytes(), cache_control: None, age, kept };
        let Taken::Check(checking) = stand.engine.fetched(&fetch, Ok(fetched), stand.now) else { panic!() };
        if let Taken::Inflate(deflated) = stand.engine.list_checked(checking, Ok(valid), stand.now) {
            assert!(valid, "nothing is inflated that nobody has signed");
            stand.engine.inflated(deflated, inflated, stand.now);
        }
        assert_eq!(stand.outcome(0), "status_list_unavailable");
    }
}

#[test]
fn a_key_that_is_new_is_read_before_the_list_is_given_up() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    let body =
        list(ONE, &json!({})).replacen("eyJhbGciOiJFUzI1NiIsImtpZCI6ImsiL", "eyJhbGciOiJFUzI1NiIsImtpZCI6Im4iL", 1);
    let (age, kept) = (Duration::ZERO, Duration::ZERO);
    let fetched = Fetched { body: body.as_bytes(), cache_control: None, age, kept };
    let Taken::Done(Keep { next: Some(keys), .. }) = stand.engine.fetched(&fetch, Ok(fetched), stand.now) else {
        panic!("gives up")
    };
    assert_eq!((keys.url.as_str(), stand.outcome(0)), ("https://a.example/jwks", "wait"));
    // Who comes meanwhile does not have the list be read for nothing.
    stand.now = stand.now.plus(Duration::from_millis(999));
    assert_eq!(stand.outcome(0), "wait");
    let (age, kept) = (Duration::ZERO, Duration::ZERO);
    let fetched_keys = Fetched { body: br#"{"keys":[]}"#, cache_control: None, age, kept };
    stand.engine.fetched(&keys, Ok(fetched_keys), stand.now);
    stand.wait(1);
    // It is not there, and that is known for a while.
    let fetch = stand.asks_for(ONE);
    let taken = stand.engine.fetched(&fetch, Ok(fetched), stand.now);
    assert!(matches!(taken, Taken::Done(Keep { next: None, .. })));
    assert_eq!(stand.outcome(0), "status_list_unavailable");
}

#[test]
fn a_clock_that_is_set_back_stops_nothing() {
    let mut stand = Stand::new();
    stand.wait(5000);
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({}), FOUR, (0, 0));
    stand.now = at(100);
    // How old it is nobody knows.
    let fetch = stand.asks_for(ONE);
    stand.now = at(50);
    stand.asks_for(ONE);
    stand.fail(&fetch);
    stand.now = at(10);
    stand.asks_for(ONE);
}

#[test]
fn a_place_is_read_anew_for_a_token_that_is_remembered() {
    let mut stand = Stand::new();
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({}), &[0], (0, 0));
    for _ in 0..3 {
        assert_eq!(stand.outcome(0), "passes");
    }
    stand.wait(300);
    let fetch = stand.asks_for(ONE);
    stand.read(&fetch, &json!({}), &[1], (0, 0));
    assert_eq!(stand.outcome(0), "token_revoked");
}
