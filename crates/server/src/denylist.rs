use std::{sync::Arc, time::Duration};

use quash_core::{
    Headers, Refusal, Revocation, RevocationId, Rule, Timestamp, TokenIds, UnverifiedToken, Verdict, VerifiedToken,
    follower::{self, Follower, Read, SyncId, WhenStale},
    ledger::Part,
};
use quash_engine::{LogPart, Remembered, TokenMemory};

use crate::issuers::Issuers;

/// When to try again where nobody knows better.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// How many reads may be on their way. A store that hangs is asked again after a second, and given up after three.
const MAX_READS: usize = 8;

/// What one server knows of its denylist.
pub(crate) struct Denylist {
    pub(crate) issuers: Issuers,
    headers: Headers,
    memory: TokenMemory,
    follower: Follower,
    /// Whether the store has a log that is followed.
    has_log: bool,
    when_stale: WhenStale,
    /// The sync that was begun last, while it may have reads to make.
    sync: Option<SyncId>,
    reads: Vec<(u32, Read)>,
    next_read: u32,
}

/// What is next with a token.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// It is good.
    NotRevoked,
    /// It was revoked.
    Revoked {
        rule: Rule,
        /// How long one that is issued now would be covered, too.
        retry_after: Option<Duration>,
    },
    /// It is none that a denylist could say anything about.
    Refused(Refusal),
    /// Make the [reads](Denylist::next_read), then begin again.
    Sync,
    /// Another makes them. Begin again after this time.
    Wait(Duration),
    /// Look these up in the store, then go on with [`found`](Denylist::found).
    LookUp(Vec<RevocationId>),
    /// Nobody knows. It may not pass.
    Unavailable { retry_after: Duration },
}

impl Denylist {
    pub(crate) fn new(issuers: Issuers, follower: Follower, has_log: bool, when_stale: WhenStale) -> Self {
        Self {
            issuers,
            headers: Headers::default(),
            memory: TokenMemory::default(),
            follower,
            has_log,
            when_stale,
            sync: None,
            reads: Vec::new(),
            next_read: 0,
        }
    }

    /// What is next with a token that the caller has verified. `arrived` is when somebody asked: it stays the same when this begins
    /// again. Where `is_strict`, the store itself is asked.
    pub(crate) fn judge(&mut self, text: &str, is_strict: bool, arrived: Timestamp, now: Timestamp) -> Step {
        let ids = match self.ids(text, now) {
            Ok(ids) => ids,
            Err(refusal) => return Step::Refused(refusal),
        };
        // What is known to be revoked is revoked, however old that is.
        if let Some(revoked) = self.known(&ids, now) {
            return revoked;
        }
        if is_strict || !self.has_log {
            return Step::LookUp(ids.iter().collect());
        }
        match self.follower.ask(arrived, self.when_stale, now) {
            follower::Step::Decide { refresh, .. } => {
                self.sync = refresh.or(self.sync);
                Step::NotRevoked
            }
            follower::Step::Sync(sync) => {
                self.sync = Some(sync);
                Step::Sync
            }
            follower::Step::Wait(pause) => Step::Wait(pause),
            follower::Step::Refuse { retry_after } => Step::Unavailable { retry_after },
        }
    }

    /// Goes on with a token that was looked up, and of which the store has these rows: all of them, if it has answered.
    pub(crate) fn found(&mut self, text: &str, rows: &[Revocation], has_answered: bool, now: Timestamp) -> Step {
        let ids = match self.ids(text, now) {
            Ok(ids) => ids,
            Err(refusal) => return Step::Refused(refusal),
        };
        // What is found revoked is revoked, whatever else could not be read.
        match revoked(ids.verdict(rows), now).or_else(|| self.known(&ids, now)) {
            Some(revoked) => revoked,
            None if has_answered || self.when_stale == WhenStale::DangerOpen => Step::NotRevoked,
            None => Step::Unavailable { retry_after: RETRY_AFTER },
        }
    }

    /// The next part of the log to read, and its number; `None` when there is nothing now. Each answer may bring more.
    pub(crate) fn next_read(&mut self, now: Timestamp) -> Option<(u32, Part)> {
        let read = self.sync.and_then(|sync| self.follower.next_read(sync, now));
        if read.is_none() {
            self.sync = None;
        }
        let (number, read) = (self.next_read, read?);
        self.next_read = self.next_read.wrapping_add(1);
        if self.reads.len() == MAX_READS {
            self.reads.remove(0);
        }
        self.reads.push((number, read));
        Some((number, read.part))
    }

    /// Takes what a read has brought; `None` when that is nothing that can be read.
    pub(crate) fn answered(&mut self, number: u32, part: Option<&LogPart<'_>>, now: Timestamp) {
        let Some(at) = self.reads.iter().position(|(known, _)| *known == number) else { return };
        let (_, read) = self.reads.remove(at);
        let told = part.is_some_and(|part| part.tell(&mut self.follower, &read, now).is_ok());
        if !told {
            self.follower.failed(&read, now);
        }
        self.sync = Some(read.sync);
    }

    /// Whether there is a log to read while nobody waits for it.
    pub(crate) const fn is_due(&self) -> bool {
        self.sync.is_some()
    }

    /// Takes note of what this server has revoked.
    pub(crate) fn record(&mut self, rows: &[Revocation], now: Timestamp) {
        self.follower.record(rows, now);
    }

    /// A token that the caller has verified.
    pub(crate) fn vouched(&mut self, text: &str) -> Result<VerifiedToken, Refusal> {
        let token = UnverifiedToken::parse_with(text, &mut self.headers)?;
        Ok(self.issuers.get(token.issuer().unwrap_or_default()).vouch(token))
    }

    fn ids(&mut self, text: &str, now: Timestamp) -> Result<Arc<TokenIds>, Refusal> {
        if let Some(remembered) = self.memory.get(text, now) {
            return Ok(remembered.ids.clone());
        }
        let token = self.vouched(text)?.in_force(now)?;
        let ids = Arc::new(token.ids());
        if self.memory.came_before(text) {
            self.memory.insert(Remembered::new(text, token, ids.clone()));
        }
        Ok(ids)
    }

    fn known(&self, ids: &TokenIds, now: Timestamp) -> Option<Step> {
        let live = self.follower.live();
        revoked(ids.verdict_by(|id| Some(live.lookup(id)?.cover)), now)
    }
}

fn revoked(verdict: Verdict, now: Timestamp) -> Option<Step> {
    let retry_after = verdict.retry_after(now);
    match verdict {
        Verdict::Revoked { rule, .. } => Some(Step::Revoked { rule, retry_after }),
        Verdict::NotRevoked { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
    use quash_core::{Cover, Cutoff, Reason, ledger::Span};

    use super::*;
    use crate::{options, wanted};

    const NOW: u64 = 1_795_469_000;

    fn at(secs: u64) -> Timestamp {
        Timestamp::from_secs(NOW + secs)
    }

    fn denylist(rest: &str) -> Denylist {
        let pepper = "a pepper of thirty-two bytes, or more";
        options::denylist(&format!(r#"{{"peppers":["{pepper}"],"maxLifetime":900000,"seed":7{rest}}}"#)).unwrap()
    }

    fn followed() -> Denylist {
        denylist(r#","maxStaleness":5000"#)
    }

    /// Verified, let us say.
    fn token(claims: &str) -> String {
        let payload = format!(r#"{{"iat":{NOW},"exp":{}{claims}}}"#, NOW + 600);
        [r#"{"alg":"HS256"}"#, &payload, "sig"].map(|text| BASE64_URL_SAFE_NO_PAD.encode(text)).join(".")
    }

    fn revocation(denylist: &mut Denylist, text: &str) -> Revocation {
        denylist.vouched(text).unwrap().revocation(Reason::Logout, at(0)).unwrap()
    }

    const REVOKED: Step = Step::Revoked { rule: Rule::Token, retry_after: None };

    /// Reads a log of these rows, and that it does.
    fn read(denylist: &mut Denylist, rows: &[Revocation], now: Timestamp) -> Vec<Part> {
        let head = rows.len() as u64;
        let mut parts = Vec::new();
        while let Some((number, part)) = denylist.next_read(now) {
            parts.push(part);
            let part = LogPart { epoch: 1, span: Span { from: 0, to: head }, head, rows };
            denylist.answered(number, Some(&part), now);
        }
        parts
    }

    #[test]
    fn a_log_is_read_once_and_then_decides() {
        let (mut denylist, text) = (followed(), token(r#","jti":"j""#));
        let judge = |denylist: &mut Denylist, secs| denylist.judge(&text, false, at(secs), at(secs));
        assert_eq!(judge(&mut denylist, 0), Step::Sync);
        assert!(denylist.is_due() && matches!(judge(&mut denylist, 0), Step::Wait(_)));
        assert_eq!(read(&mut denylist, &[], at(0)), [Part::Head]);
        assert_eq!((judge(&mut denylist, 1), denylist.is_due()), (Step::NotRevoked, false));
        // It is time, but nobody has to wait.
        assert_eq!((judge(&mut denylist, 4), denylist.is_due()), (Step::NotRevoked, true));
        let row = revocation(&mut denylist, &text);
        assert_eq!(read(&mut denylist, &[row], at(4)), [Part::Head]);
        assert_eq!(judge(&mut denylist, 4), REVOKED);
        // Nobody has read for longer than is promised; and what is known is known all the same.
        assert_eq!(judge(&mut denylist, 60), REVOKED);
        assert_eq!(denylist.judge(&token(""), false, at(60), at(60)), Step::Sync);
    }

    #[test]
    fn nobody_passes_while_the_log_cannot_be_read_unless_that_was_wanted() {
        let good = token("");
        for (outage, expected) in [
            ("", Step::Unavailable { retry_after: RETRY_AFTER }),
            (r#","lastKnownGood":5000"#, Step::Unavailable { retry_after: RETRY_AFTER }),
            (r#","lastKnownGood":60000"#, Step::NotRevoked),
            (r#","dangerOpen":true"#, Step::NotRevoked),
        ] {
            let mut denylist = denylist(&format!(r#","maxStaleness":5000{outage}"#));
            assert_eq!(denylist.judge(&good, false, at(0), at(0)), Step::Sync);
            read(&mut denylist, &[], at(0));
            assert_eq!(denylist.judge(&good, false, at(20), at(20)), Step::Sync);
            let (number, _) = denylist.next_read(at(20)).unwrap();
            denylist.answered(number, None, at(20));
            assert_eq!((denylist.judge(&good, false, at(20), at(20)), outage), (expected, outage));
        }
    }

    #[test]
    fn what_is_no_log_is_none() {
        let (mut denylist, text) = (followed(), token(""));
        denylist.judge(&text, false, at(0), at(0));
        let (number, _) = denylist.next_read(at(0)).unwrap();
        // It ends before it begins.
        let part = LogPart { epoch: 1, span: Span { from: 3, to: 2 }, head: 2, rows: &[] };
        denylist.answered(number, Some(&part), at(0));
        // Nor is an answer that nobody asked for.
        denylist.answered(number, Some(&LogPart { span: Span { from: 0, to: 2 }, ..part }), at(0));
        assert!(matches!(denylist.judge(&text, false, at(0), at(0)), Step::Unavailable { .. }));
    }

    #[test]
    fn a_store_without_a_log_is_asked_and_so_is_one_whose_log_is_not_enough() {
        let text = token(r#","jti":"j","sub":"s""#);
        for (mut denylist, is_strict) in [(denylist(""), false), (followed(), true)] {
            let Step::LookUp(ids) = denylist.judge(&text, is_strict, at(0), at(0)) else { panic!() };
            let row = revocation(&mut denylist, &text);
            // The token, its subject, its issuer.
            assert!(ids.len() == 3 && ids.contains(&row.id));
            assert_eq!(denylist.found(&text, &[], true, at(0)), Step::NotRevoked);
            assert_eq!(denylist.found(&text, &[row], true, at(0)), REVOKED);
            assert_eq!(denylist.found(&text, &[row], false, at(0)), REVOKED);
            assert!(matches!(denylist.found(&text, &[], false, at(0)), Step::Unavailable { .. }));
            // Revoked here while it was looked up.
            denylist.record(&[row], at(0));
            assert_eq!(denylist.found(&text, &[], true, at(0)), REVOKED);
        }
        let mut open = denylist(r#","dangerOpen":true"#);
        assert_eq!(open.found(&text, &[], false, at(0)), Step::NotRevoked);
    }

    #[test]
    fn a_token_that_may_outlive_its_revocation_is_refused() {
        let mut denylist = denylist("");
        let refused = |denylist: &mut Denylist, text: &str| match denylist.judge(text, false, at(0), at(0)) {
            Step::Refused(refusal) => refusal.code(),
            step => panic!("{step:?}"),
        };
        let [eternal, long] = ["".into(), format!(r#","exp":{}"#, NOW + 901)].map(|exp| {
            let payload = format!(r#"{{"iat":{NOW}{exp}}}"#);
            [r#"{"alg":"HS256"}"#, &payload, "sig"].map(|text| BASE64_URL_SAFE_NO_PAD.encode(text)).join(".")
        });
        assert_eq!(refused(&mut denylist, &eternal), "claim_missing");
        assert_eq!(refused(&mut denylist, &long), "lifetime_too_long");
        assert_eq!(refused(&mut denylist, "x"), "token_segments");
        // However often it came before.
        for secs in [0, 1, 2] {
            assert!(matches!(denylist.judge(&token(""), false, at(secs), at(secs)), Step::LookUp(_)));
        }
        let dead = denylist.judge(&token(""), false, at(600), at(600));
        assert_eq!(dead, Step::Refused(Refusal::Expired));
    }

    #[test]
    fn each_claim_revokes_the_tokens_that_say_it() {
        let mut denylist = denylist(r#","revocableClaims":["tenant"]"#);
        let claims = r#","iss":"i","jti":"j","sid":"d","sub":"s","azp":"c","tenant":"t""#;
        let (text, later) = (token(claims), token(&claims.replace("\"jti\":\"j\"", "\"jti\":\"k\"")));
        let mut rule = |wanted: &str, text: &str| {
            let row = wanted::of_claim(wanted, &mut denylist.issuers, at(0)).unwrap().unwrap();
            assert_eq!(row.revoked_at, at(0));
            match denylist.found(text, &[row], true, at(0)) {
                Step::Revoked { rule, .. } => Some(rule.to_string()),
                Step::NotRevoked => None,
                step => panic!("{step:?}"),
            }
        };
        for (wanted, expected) in [
            (r#""claim":"jti","value":"j""#, Some("token")),
            (r#""claim":"sid","value":"d""#, Some("session")),
            (r#""claim":"sub","value":"s""#, Some("subject")),
            (r#""claim":"client_id","value":"c""#, Some("client")),
            (r#""claim":"tenant","value":"t""#, Some("claim tenant")),
            (r#""claim":"iss""#, Some("issuer")),
            (r#""claim":"sub","value":"s","keep":"e""#, Some("subject")),
            (r#""claim":"sub","value":"s","keep":"d""#, None),
            (r#""claim":"sub","value":"other""#, None),
        ] {
            assert_eq!(rule(&format!(r#"{{"iss":"i",{wanted}}}"#), &text).as_deref(), expected, "{wanted}");
        }
        assert_eq!(rule(r#"{"iss":"i","claim":"jti","value":"j"}"#, &later), None);
        // Of another issuer; and of tokens issued before this one.
        assert_eq!(rule(r#"{"claim":"sub","value":"s"}"#, &text), None);
        let until = |millis: u64| format!(r#"{{"iss":"i","claim":"sub","value":"s","issuedUntil":{millis}}}"#);
        assert_eq!(rule(&until(NOW * 1000), &text).as_deref(), Some("subject"));
        assert_eq!(rule(&until(NOW * 1000 - 1), &text), None);
    }

    #[test]
    fn a_revocation_is_kept_as_long_as_it_can_be_needed() {
        let mut denylist = denylist(r#","leeway":30000"#);
        let mut wanted = |rest: &str| wanted::of_claim(&format!("{{{rest}}}"), &mut denylist.issuers, at(0));
        let sub = r#""claim":"sub","value":"s""#;
        let row = wanted(sub).unwrap().unwrap();
        // The latest `iat` that can have been accepted, a lifetime, the leeway, and a minute for clocks.
        let until = Cover::everyone(Cutoff::IssuedUntil(at(30)));
        assert_eq!((row.cover, row.expires_at, row.reason), (until, at(30 + 900 + 30 + 60), Reason::Logout));
        let earlier = wanted(&format!(r#"{sub},"issuedUntil":{},"reason":"account_disabled""#, (NOW - 100) * 1000));
        let earlier = earlier.unwrap().unwrap();
        assert_eq!((earlier.expires_at, earlier.reason), (row.expires_at, Reason::AccountDisabled));
        for (name, latest) in [("issuedUntil", 30), ("expiresAt", 930)] {
            let time = |millis: u64| format!(r#""claim":"jti","value":"j","{name}":{millis}"#);
            assert!(wanted(&time((NOW + latest) * 1000)).unwrap().is_some());
            let problem = Err(format!("{name}: a time that no token can have"));
            assert_eq!(wanted(&time((NOW + latest) * 1000 + 1)), problem);
            assert_eq!(wanted(&time(0).replace(":0", ":-1")), problem);
            assert_eq!(wanted(&time(0).replace(":0", ":null")), problem);
        }
        let jti = |exp: u64| format!(r#""claim":"jti","value":"j","expiresAt":{}"#, exp * 1000);
        assert_eq!(wanted(&jti(NOW + 10)).unwrap().map(|row| row.expires_at), Some(at(10 + 30 + 60)));
        assert_eq!(wanted(&jti(NOW - 90)).unwrap(), None);
        assert_eq!(wanted(&jti(NOW - 90).replace("jti", "sid")).unwrap().map(|row| row.expires_at), Some(at(1020)));
        for (wrong, problem) in [
            (r#""claim":"tenant","value":"t""#, "tokens are not revoked by `tenant`"),
            (r#""claim":"sub","value":"s","reason":"x""#, "there is no reason `x`"),
            (r#""claim":"sub","claim":"sub""#, "a member name appears twice in the token"),
        ] {
            assert_eq!(wanted(wrong), Err(problem.into()));
        }
    }
}
