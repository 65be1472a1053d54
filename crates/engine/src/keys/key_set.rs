use std::time::Duration;

use quash_core::{HostKey, Key, Timestamp};

use super::{
    Fetch, Fetched, Filed, HostKeys, Keep, KeyOrigin,
    document::{MAX_LIFETIME, MIN_LIFETIME},
    jwk_set::{self, PublishedKey},
    source::KeySource,
};

/// How soon after a set was read it may be read again for a `kid` that is not in it: whoever invents them must not have us flood
/// the issuer.
const COOL_DOWN: Duration = Duration::from_secs(30);

/// How soon after a failure it is tried again when there is no key to go on with.
const RETRY: Duration = Duration::from_secs(2);

/// How long a read is waited for before somebody else takes it over: its request may have been cancelled with it.
const TAKEN_OVER: Duration = Duration::from_secs(6);

/// What an issuer publishes, and when it is read. Does no I/O: it says what to read, and is told what was found.
pub(crate) struct KeySet {
    source: KeySource,
    keys: Vec<(PublishedKey, HostKey)>,
    /// None until something was read.
    good: Option<Good>,
    /// When the issuer was asked for it.
    read_at: Option<Timestamp>,
    reading_since: Option<Timestamp>,
    /// When the next read may begin.
    not_before: Timestamp,
    /// Whether the last one failed.
    failing: bool,
    /// What went wrong last, for an operator.
    problem: String,
}

/// How long what was read is good for.
#[derive(Clone, Copy)]
struct Good {
    fresh_until: Timestamp,
    until: Timestamp,
}

/// What becomes of a token whose key is not known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// Read this, then look again.
    Read(Fetch),
    /// Somebody is reading. Look again soon.
    Wait,
    /// It was looked for, and is not there.
    Refuse,
    /// Nothing can be known about it.
    Unavailable,
}

impl KeySet {
    pub(crate) const fn new(source: KeySource) -> Self {
        let not_before = Timestamp::from_secs(0);
        Self {
            source,
            keys: Vec::new(),
            good: None,
            read_at: None,
            reading_since: None,
            not_before,
            failing: false,
            problem: String::new(),
        }
    }

    /// What went wrong last.
    pub(crate) fn problem(&self) -> &str {
        &self.problem
    }

    pub(crate) fn unknown(&mut self, issuer: usize, now: Timestamp) -> Unknown {
        if self.is_being_read(now) {
            return Unknown::Wait;
        }
        match (self.may_read(now), self.is_good(now)) {
            // What another isolate has read since the last time will do.
            (true, true) => Unknown::Read(self.read(issuer, COOL_DOWN, now)),
            (true, false) => Unknown::Read(self.read(issuer, MAX_LIFETIME, now)),
            (false, true) if !self.failing => Unknown::Refuse,
            (false, _) => Unknown::Unavailable,
        }
    }

    /// Whether the issuer was asked at `time` or later.
    pub(crate) fn was_read_since(&self, time: Timestamp) -> bool {
        self.read_at.is_some_and(|read_at| time <= read_at)
    }

    /// What to read in the background, if it is time.
    pub(crate) fn due(&mut self, issuer: usize, now: Timestamp) -> Option<Fetch> {
        let stale = self.good.is_some_and(|good| good.fresh_until <= now);
        let may_read = stale && !self.is_being_read(now) && self.may_read(now);
        may_read.then(|| self.read(issuer, MAX_LIFETIME, now))
    }

    /// When to look at the set again.
    pub(crate) fn next_look(&self) -> Option<Timestamp> {
        let good = self.good?;
        let read = good.fresh_until.max(self.not_before);
        let read = self.reading_since.map_or(read, |since| read.max(since.plus(TAKEN_OVER)));
        Some(read.min(good.until))
    }

    /// Whether there were keys that are too old by now. They are not there any more.
    pub(crate) fn expire(&mut self, host_keys: &mut HostKeys, now: Timestamp) -> bool {
        let expired = self.good.is_some() && !self.is_good(now);
        if expired {
            self.good = None;
            // There is nothing to go on with any more.
            self.not_before = self.not_before.min(now.plus(RETRY));
            self.keys.drain(..).for_each(|(_, number)| host_keys.withdraw(number));
        }
        expired
    }

    /// Takes what was read, or why it could not be. Tells whether the keys are others now.
    pub(crate) fn fetched(
        &mut self,
        fetch: &Fetch,
        fetched: Result<Fetched<'_>, String>,
        host_keys: &mut HostKeys,
        now: Timestamp,
    ) -> (Keep, bool) {
        let taken = fetched.and_then(|fetched| {
            let (next, lifetime) = (fetch.next(fetched.body)?, fetched.lifetime());
            let mut changed = false;
            if next.is_none() {
                let keys = jwk_set::parse(fetched.body, &self.source.algorithms)?;
                // However old it was when it came: it is the newest that there is.
                let fresh_until = now.plus(lifetime.saturating_sub(fetched.age + fetched.kept).max(MIN_LIFETIME));
                self.read_at =
                    Some(Timestamp::from_millis(now.as_millis().saturating_sub(fetched.kept.as_millis() as u64)));
                self.good = Some(Good { fresh_until, until: fresh_until.plus(self.source.max_stale) });
                changed = self.replace(keys, &fetch.url, host_keys);
            }
            Ok((Keep { lifetime, next }, changed))
        });
        match taken {
            Ok((keep @ Keep { next: Some(_), .. }, changed)) => {
                self.reading_since = Some(now);
                (keep, changed)
            }
            Ok(done) => {
                self.reading_since = None;
                self.failing = false;
                // A copy that was kept for longer than that says nothing about a key that is new.
                self.not_before = self.read_at.unwrap_or(now).plus(COOL_DOWN);
                done
            }
            Err(problem) => {
                self.reading_since = None;
                self.failing = true;
                self.not_before = now.plus(if self.is_good(now) { COOL_DOWN } else { RETRY });
                self.problem = format!("{}: {problem}", fetch.url);
                (Keep::default(), false)
            }
        }
    }

    /// The keys, as core takes them.
    pub(crate) fn keys(&self) -> Vec<Key> {
        let key = |(key, number): &(PublishedKey, _)| Key::held_by_host(key.id.clone(), key.algorithm, *number);
        self.keys.iter().map(key).collect()
    }

    /// A key that stays keeps its number, and so need not be imported again.
    fn replace(&mut self, keys: Vec<PublishedKey>, url: &str, host_keys: &mut HostKeys) -> bool {
        let before = std::mem::take(&mut self.keys);
        for (_, number) in before.iter().filter(|(key, _)| !keys.contains(key)) {
            host_keys.withdraw(*number);
        }
        let mut file = |key: PublishedKey| {
            let same = before.iter().find(|(other, _)| *other == key).map(|(_, number)| *number);
            let filed = || Filed {
                algorithm: key.algorithm,
                key: key.key.clone(),
                origin: KeyOrigin::Published(url.to_owned()),
            };
            let number = same.unwrap_or_else(|| host_keys.file(filed()));
            (key, number)
        };
        for key in keys {
            if !self.keys.iter().any(|(other, _)| *other == key) {
                self.keys.push(file(key));
            }
        }
        self.keys.len() != before.len() || self.keys.iter().any(|key| !before.contains(key))
    }

    fn is_good(&self, now: Timestamp) -> bool {
        self.good.is_some_and(|good| now < good.until)
    }

    /// A clock may be set back: then what seems to begin later has begun.
    fn is_being_read(&self, now: Timestamp) -> bool {
        self.reading_since.is_some_and(|since| since <= now && now < since.plus(TAKEN_OVER))
    }

    fn may_read(&self, now: Timestamp) -> bool {
        self.not_before <= now || self.not_before.since(now) > COOL_DOWN
    }

    fn read(&mut self, issuer: usize, cached_for: Duration, now: Timestamp) -> Fetch {
        self.reading_since = Some(now);
        Fetch::new(issuer, &self.source.location, cached_for)
    }
}

#[cfg(test)]
mod tests {
    use quash_core::Algorithm;
    use serde_json::json;

    use super::*;
    use crate::keys::source::Location;

    const MAX_STALE: Duration = Duration::from_secs(600);

    /// An issuer's keys, and a clock that starts at 1000 s.
    struct Stand {
        set: KeySet,
        host_keys: HostKeys,
        now: Timestamp,
    }

    impl Stand {
        fn new() -> Self {
            let location = Location::JwkSet("https://a.example/jwks".into());
            let source = KeySource { location, algorithms: vec![Algorithm::EdDsa], max_stale: MAX_STALE };
            Self { set: KeySet::new(source), host_keys: HostKeys::default(), now: Timestamp::from_secs(1000) }
        }

        fn wait(&mut self, secs: u64) {
            self.now = self.now.plus(Duration::from_secs(secs));
        }

        fn unknown(&mut self) -> Unknown {
            self.set.unknown(0, self.now)
        }

        fn read(&mut self, fetch: &Fetch, kids: &[&str], cache_control: &str) -> bool {
            let keys: Vec<_> =
                kids.iter().map(|kid| json!({ "kty": "OKP", "crv": "Ed25519", "x": kid, "kid": kid })).collect();
            let body = json!({ "keys": keys }).to_string();
            let fetched = Fetched {
                body: body.as_bytes(),
                cache_control: Some(cache_control),
                age: Duration::ZERO,
                kept: Duration::ZERO,
            };
            self.set.fetched(fetch, Ok(fetched), &mut self.host_keys, self.now).1
        }

        fn fail(&mut self, fetch: &Fetch) {
            let failed = self.set.fetched(fetch, Err("answers 500".into()), &mut self.host_keys, self.now);
            assert_eq!(failed, (Keep::default(), false));
        }

        fn numbers(&self) -> Vec<(String, HostKey)> {
            self.set.keys.iter().map(|(key, number)| (key.id.clone().unwrap_or_default(), *number)).collect()
        }
    }

    fn to_read(unknown: Unknown) -> Fetch {
        match unknown {
            Unknown::Read(fetch) => fetch,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_reads_and_the_others_wait_but_not_for_ever() {
        let mut stand = Stand::new();
        to_read(stand.unknown());
        assert_eq!(stand.unknown(), Unknown::Wait);
        stand.wait(5);
        assert_eq!(stand.unknown(), Unknown::Wait);
        // Its request was cancelled.
        stand.wait(1);
        let fetch = to_read(stand.unknown());
        assert!(stand.read(&fetch, &["a"], ""));
        assert_eq!(stand.unknown(), Unknown::Refuse);
    }

    #[test]
    fn an_unknown_key_is_asked_for_once_in_a_while() {
        let mut stand = Stand::new();
        let fetch = to_read(stand.unknown());
        stand.read(&fetch, &["a"], "");
        stand.wait(29);
        assert_eq!(stand.unknown(), Unknown::Refuse);
        stand.wait(1);
        let fetch = to_read(stand.unknown());
        // What somebody else has read since then will do.
        assert_eq!(fetch.cached_for, COOL_DOWN);
        assert!(stand.read(&fetch, &["a", "b"], ""));
        assert_eq!(stand.unknown(), Unknown::Refuse);
    }

    #[test]
    fn a_key_that_stays_keeps_its_number_and_one_that_goes_is_withdrawn() {
        let mut stand = Stand::new();
        let fetch = to_read(stand.unknown());
        stand.read(&fetch, &["a", "b"], "");
        let before = stand.numbers();
        assert!(!stand.read(&fetch, &["a", "b"], ""));
        assert!(stand.read(&fetch, &["c", "b"], ""));
        assert_eq!(stand.numbers()[1], before[1]);
        assert!(stand.host_keys.get(before[0].1).is_none());
        // Nothing is left of an issuer that publishes no key any more.
        assert!(stand.read(&fetch, &[], ""));
        assert!(stand.host_keys.get(before[1].1).is_none());
    }

    #[test]
    fn keys_are_read_again_in_the_background_and_serve_through_an_outage_for_a_while() {
        let mut stand = Stand::new();
        let fetch = to_read(stand.unknown());
        stand.read(&fetch, &["a"], "public, max-age=100");
        assert_eq!(stand.set.next_look(), Some(Timestamp::from_secs(1100)));
        stand.wait(99);
        assert_eq!(stand.set.due(0, stand.now), None);
        stand.wait(1);
        let fetch = stand.set.due(0, stand.now).unwrap();
        assert_eq!(stand.set.due(0, stand.now), None, "it is being read");
        stand.fail(&fetch);
        assert_eq!(stand.set.due(0, stand.now), None, "it was tried a moment ago");
        stand.wait(30);
        let fetch = stand.set.due(0, stand.now).unwrap();
        stand.fail(&fetch);
        assert_eq!(stand.set.problem(), "https://a.example/jwks: answers 500");
        stand.wait(569);
        assert!(!stand.set.expire(&mut stand.host_keys, stand.now));
        stand.wait(1);
        assert!(stand.set.expire(&mut stand.host_keys, stand.now));
        assert!(stand.set.keys().is_empty());
        let fetch = to_read(stand.unknown());
        stand.fail(&fetch);
        assert_eq!(stand.unknown(), Unknown::Unavailable);
        stand.wait(2);
        to_read(stand.unknown());
    }

    #[test]
    fn an_old_copy_says_nothing_about_a_new_key() {
        let mut stand = Stand::new();
        let fetch = to_read(stand.unknown());
        assert_eq!(fetch.cached_for, MAX_LIFETIME);
        let kept = Duration::from_secs(299);
        let fetched = Fetched { body: br#"{"keys":[]}"#, cache_control: None, age: Duration::ZERO, kept };
        stand.set.fetched(&fetch, Ok(fetched), &mut stand.host_keys, stand.now);
        assert!(
            stand.set.was_read_since(Timestamp::from_secs(701)) && !stand.set.was_read_since(Timestamp::from_secs(702))
        );
        // It is asked for at once, and no copy as old as that will do.
        let fetch = to_read(stand.unknown());
        assert_eq!(fetch.cached_for, COOL_DOWN);
        stand.read(&fetch, &["new"], "");
        assert!(stand.set.was_read_since(stand.now));
        assert_eq!(stand.unknown(), Unknown::Refuse);
    }

    #[test]
    fn an_issuer_behind_a_cache_of_its_own_is_not_flooded_either() {
        let mut stand = Stand::new();
        let mut read = 0;
        for _ in 0..100 {
            if let Unknown::Read(fetch) = stand.unknown() {
                read += 1;
                let age = Duration::from_secs(299);
                let fetched = Fetched { body: br#"{"keys":[]}"#, cache_control: None, age, kept: Duration::ZERO };
                stand.set.fetched(&fetch, Ok(fetched), &mut stand.host_keys, stand.now);
            }
        }
        assert_eq!(read, 1);
        assert!(stand.set.was_read_since(stand.now));
    }

    #[test]
    fn while_the_issuer_fails_nothing_is_known_of_a_new_key() {
        let mut stand = Stand::new();
        let fetch = to_read(stand.unknown());
        stand.read(&fetch, &["a"], "");
        stand.wait(30);
        let fetch = to_read(stand.unknown());
        stand.fail(&fetch);
        assert_eq!(stand.unknown(), Unknown::Unavailable);
        stand.wait(30);
        let fetch = to_read(stand.unknown());
        stand.read(&fetch, &["a"], "");
        assert_eq!(stand.unknown(), Unknown::Refuse);
    }

    #[test]
    fn a_clock_that_is_set_back_stops_nothing() {
        let mut stand = Stand::new();
        to_read(stand.unknown());
        stand.now = Timestamp::from_secs(400);
        let fetch = to_read(stand.unknown());
        stand.read(&fetch, &["a"], "");
        stand.now = Timestamp::from_secs(10);
        to_read(stand.unknown());
    }

    #[test]
    fn the_same_keys_in_another_order_or_twice_are_the_same() {
        let mut stand = Stand::new();
        let fetch = to_read(stand.unknown());
        assert!(stand.read(&fetch, &["a", "b", "a"], ""));
        let before = stand.numbers();
        assert_eq!(before.len(), 2);
        assert!(!stand.read(&fetch, &["b", "a"], ""));
    }

    #[test]
    fn a_document_that_was_in_a_cache_is_as_old_as_it_is() {
        let mut stand = Stand::new();
        let fetch = to_read(stand.unknown());
        let body = br#"{"keys":[]}"#;
        let (age, kept) = (Duration::from_secs(50), Duration::from_secs(150));
        let fetched = Fetched { body, cache_control: Some("max-age=300"), age, kept };
        let (keep, _) = stand.set.fetched(&fetch, Ok(fetched), &mut stand.host_keys, stand.now);
        assert_eq!(keep.lifetime, Duration::from_secs(300));
        assert_eq!(stand.set.next_look(), Some(Timestamp::from_secs(1100)));
    }
}
