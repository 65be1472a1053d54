use std::time::Duration;

use quash_core::{Status, StatusList, Timestamp};

use crate::keys::Fetch;

/// How long a list is taken as it was read when nobody says, and the least that anybody may say.
const LIFETIME: Duration = Duration::from_secs(5 * 60);
pub(crate) const MIN_LIFETIME: Duration = Duration::from_secs(10);

/// How soon after a failure an issuer is asked again.
pub(super) const RETRY: Duration = Duration::from_secs(5);

/// How long a read is waited for before somebody else takes it over: its request may have been cancelled with it.
const TAKEN_OVER: Duration = Duration::from_secs(6);

/// How long others wait while the keys are read that a list is signed with.
const KEYS_ARE_READ: Duration = Duration::from_secs(1);

/// A list that tokens have named, and when it is read. Does no I/O: it says what to read, and is told what was found.
pub(super) struct KnownList {
    /// Whose terms it is read by: their number.
    pub(super) terms: usize,
    uri: Box<str>,
    /// None until it was read.
    known: Option<Known>,
    /// Until when it is being read, unless somebody is told before.
    reading_until: Option<Timestamp>,
    /// When the next read may begin.
    not_before: Timestamp,
    /// Whether the last one failed.
    pub(super) is_failing: bool,
    /// What went wrong last, for an operator.
    problem: String,
    /// When it was last of use: the number of a look.
    pub(super) used: u64,
}

/// What was read of it.
struct Known {
    list: StatusList,
    issued_at: Timestamp,
    read_at: Timestamp,
    /// When its issuer sent it.
    sent_at: Timestamp,
    /// When it is read again, while it is still good.
    refresh_at: Timestamp,
    fresh_until: Timestamp,
    /// When nobody may go by it any more.
    expires_at: Option<Timestamp>,
    lifetime: Duration,
}

/// What was read, and how good it is.
pub(super) struct News {
    pub(super) list: StatusList,
    pub(super) issued_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) lifetime: Duration,
    pub(super) read_at: Timestamp,
    pub(super) age: Duration,
}

/// What is known of a token in a list, and what could bring more.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// What was read last, and how old it is, unless nobody may go by it any more.
    pub(super) last: Option<(Status, Duration)>,
    /// Whether the list is good as it was read: then it is that, or the token is not in it.
    pub(super) is_fresh: bool,
    /// Whether the list could not be read the last time.
    pub(super) is_failing: bool,
    /// What to read.
    pub(super) read: Option<Fetch>,
    /// Whether somebody is reading it.
    pub(super) is_being_read: bool,
}

impl KnownList {
    pub(super) fn new(terms: usize, uri: &str) -> Self {
        let not_before = Timestamp::from_secs(0);
        let (uri, problem) = (uri.into(), String::new());
        Self { terms, uri, known: None, reading_until: None, not_before, is_failing: false, problem, used: 0 }
    }

    pub(super) fn is(&self, terms: usize, uri: &str) -> bool {
        self.terms == terms && *self.uri == *uri
    }

    /// About how many bytes of memory it takes.
    pub(super) fn bytes(&self) -> usize {
        let list = self.known.as_ref().map_or(0, |known| known.list.as_bytes().len());
        size_of::<Self>() + self.uri.len() + list
    }

    /// Looks a token up. `max_age` is how old a copy of a list may be that was never read.
    pub(super) fn look(&mut self, index: u64, max_age: Duration, may_read: bool, now: Timestamp) -> Look {
        let known = self.known.as_ref();
        let status = known.and_then(|known| known.list.get(index).ok());
        // Lists grow: a place that is not there may have been added since.
        let is_there = |known: &Known| status.is_some() || now.since(known.read_at) < MIN_LIFETIME;
        let is_fresh = known.is_some_and(|known| known.is_fresh(now) && is_there(known));
        let is_due = !is_fresh || known.is_some_and(|known| known.refresh_at <= now);
        let last = known
            .filter(|known| known.expires_at.is_none_or(|expires_at| now < expires_at))
            .and_then(|known| Some((status?, now.since(known.sent_at))));
        let (is_failing, is_being_read) = (self.is_failing, self.is_being_read(now));
        let read = (is_due && may_read && !is_being_read && self.may_read(now)).then(|| self.read(max_age, now));
        Look { last, is_fresh, is_failing, read, is_being_read }
    }

    /// Why it does not tell of a token, for an operator.
    pub(super) fn problem(&self) -> String {
        let problem = match &self.known {
            _ if self.is_failing => &*self.problem,
            Some(_) => "does not reach as far as the token's `idx`",
            None => "others are being read for too long",
        };
        format!("{}: {problem}", self.uri)
    }

    /// Who signed it may be known no more: it is read again, in the background.
    pub(super) fn doubt(&mut self, now: Timestamp) {
        if let Some(known) = &mut self.known {
            known.refresh_at = known.refresh_at.min(now);
        }
    }

    /// Takes what was read.
    ///
    /// # Errors
    /// Why it is not taken: that it is older than what is known.
    pub(super) fn learn(&mut self, news: News, now: Timestamp) -> Result<Duration, &'static str> {
        let News { list, issued_at, expires_at, lifetime, read_at, age } = news;
        if self.known.as_ref().is_some_and(|known| issued_at < known.issued_at) {
            return Err("is an older list than the one before");
        }
        // However old it was when it came, it is the newest that there is; but a copy of ours is no newer than when it was read.
        let left = lifetime.saturating_sub(age).max(MIN_LIFETIME);
        let until = read_at.plus(left);
        let fresh_until = expires_at.map_or(until, |expires_at| expires_at.min(until));
        let sent_at = Timestamp::from_millis(read_at.as_millis().saturating_sub(age.as_millis() as u64));
        let refresh_at = read_at.plus(fresh_until.since(read_at) * 4 / 5);
        self.known = Some(Known { list, issued_at, read_at, sent_at, refresh_at, fresh_until, expires_at, lifetime });
        self.reading_until = None;
        self.not_before = read_at;
        self.is_failing = false;
        Ok(fresh_until.since(now))
    }

    /// Takes why it could not be read.
    pub(super) fn failed(&mut self, problem: String, now: Timestamp) {
        self.reading_until = None;
        self.is_failing = true;
        self.not_before = now.plus(RETRY);
        self.problem = problem;
    }

    /// What was read is of no use, for no fault of its issuer's: somebody reads it again.
    pub(super) fn starts_over(&mut self) {
        self.reading_until = None;
    }

    /// It is being read still.
    pub(super) fn goes_on(&mut self, now: Timestamp) {
        self.reading_until = Some(now.plus(TAKEN_OVER));
    }

    /// The keys are read that it is signed with; then it is read again.
    pub(super) fn waits_for_keys(&mut self, now: Timestamp) {
        self.reading_until = Some(now.plus(KEYS_ARE_READ));
    }

    /// A clock may be set back: then what seems to go on for ever has ended.
    pub(super) fn is_being_read(&self, now: Timestamp) -> bool {
        self.reading_until.is_some_and(|until| now < until && until.since(now) <= TAKEN_OVER)
    }

    fn may_read(&self, now: Timestamp) -> bool {
        self.not_before <= now || self.not_before.since(now) > RETRY
    }

    fn read(&mut self, max_age: Duration, now: Timestamp) -> Fetch {
        self.goes_on(now);
        // What another isolate has read will do, if it is newer than what is known here, and not nearly too old itself.
        let newer = |known: &Known| now.since(known.read_at).saturating_sub(Duration::from_millis(1));
        let cached_for = match &self.known {
            // What has failed may be a copy.
            _ if self.is_failing => Duration::ZERO,
            Some(known) => newer(known).min(known.lifetime / 2),
            None => max_age,
        };
        Fetch::of_status_list(self.terms, &self.uri, cached_for)
    }
}

impl Known {
    /// A clock may be set back: what was sent later than now has been sent, but nobody knows when.
    fn is_fresh(&self, now: Timestamp) -> bool {
        now < self.fresh_until && self.fresh_until.since(now) <= self.lifetime.max(MIN_LIFETIME)
    }
}

/// How long a list may be taken as it was sent: as the list says (`ttl`) and the answer that brought it (`Cache-Control`), whichever is
/// less.
pub(super) fn lifetime(list: Option<Duration>, answer: Option<Duration>, max_age: Duration) -> Duration {
    let least = match (list, answer) {
        (Some(list), Some(answer)) => list.min(answer),
        (one, other) => one.or(other).unwrap_or(LIFETIME),
    };
    least.max(MIN_LIFETIME).min(max_age)
}
