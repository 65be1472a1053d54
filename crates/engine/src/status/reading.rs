use std::time::Duration;

use quash_core::{
    Refusal, SignatureCheck, Status, StatusList, StatusListToken, Timestamp, UnverifiedToken, Verification,
    VerifiedToken,
};

use super::{
    list::{Look, News, lifetime},
    terms::PlaceInList,
};
use crate::{
    engine::{Engine, Step, pause},
    error::Error,
    keys::{self, Fetch, Fetched, Keep},
    policy::{Outage, Policy},
    revocations::Revocations,
    trust::Signer,
};

/// The longest list that is taken, in bytes, once it is inflated: 16 million statuses of one bit, two million of eight. A megabyte of
/// zlib may be a gigabyte.
pub(super) const MAX_BYTES: usize = 2 * 1024 * 1024;

/// How long a request waits for lists that others read: for two reads, one after the other.
const PATIENCE: Duration = Duration::from_secs(12);

/// What is next with a document that was read.
#[derive(Debug)]
pub enum Taken {
    /// It may be kept, and leads to that.
    Done(Keep),
    /// Check this signature, then go on with [`Engine::list_checked`](crate::Engine::list_checked).
    Check(ListCheck),
    /// Inflate this, then go on with [`Engine::inflated`](crate::Engine::inflated).
    Inflate(Deflated),
}

/// A status list that was read, and when.
#[derive(Debug)]
struct ListRead {
    fetch: Fetch,
    read_at: Timestamp,
    age: Duration,
    /// As its answer says.
    max_age: Option<Duration>,
}

/// A status list whose signature is to be checked.
#[derive(Debug)]
pub struct ListCheck {
    read: ListRead,
    /// The signature.
    pub check: SignatureCheck,
}

/// A status list that is its issuer's, and to be inflated.
#[derive(Debug)]
pub struct Deflated {
    read: ListRead,
    token: StatusListToken,
}

impl ListRead {
    fn new(fetch: &Fetch, fetched: &Fetched<'_>, now: Timestamp) -> Self {
        let read_at = Timestamp::from_millis(now.as_millis().saturating_sub(fetched.kept.as_millis() as u64));
        Self { fetch: fetch.clone(), read_at, age: fetched.age, max_age: fetched.max_age() }
    }
}

impl Deflated {
    /// zlib (RFC 1950).
    pub fn bytes(&self) -> &[u8] {
        self.token.deflated()
    }

    /// The longest that it may be once it is inflated. Whoever inflates it stops there.
    pub const fn max_bytes(&self) -> usize {
        MAX_BYTES
    }
}

impl<R: Revocations> Engine<R> {
    /// What is next with a token whose status is read there; `None` when that has nothing against it.
    ///
    /// # Errors
    /// Why it may not pass.
    pub(crate) fn status(
        &mut self,
        place: &PlaceInList,
        policy: &Policy,
        arrived: Timestamp,
        now: Timestamp,
    ) -> Result<Option<Step<R::LookUp>>, Error> {
        let waited = now.since(arrived);
        let may_wait = waited < PATIENCE;
        let Look { last, is_fresh, is_failing, read, is_being_read } = self.status_lists.look(place, now);
        let settled = match (last, policy.in_outages()) {
            (Some((status, _)), _) if is_fresh => Some(status),
            // Better is on its way.
            _ if !is_fresh && !is_failing && may_wait => None,
            // Nothing brings it back.
            (Some((Status::INVALID, _)), _) => Some(Status::INVALID),
            (Some((status, age)), Outage::LastKnownGood(oldest)) if age <= oldest => Some(status),
            (last, Outage::DangerOpen) => Some(last.map_or(Status::VALID, |(status, _)| status)),
            _ => None,
        };
        match (settled, read) {
            (Some(status), read) => {
                self.status_lists.read_later(read);
                // Section 7.1 of the draft: what the other statuses mean, only their issuer knows; that one is in force, none of them says.
                if status == Status::VALID { Ok(None) } else { Err(Error::Status(status)) }
            }
            (None, Some(fetch)) if may_wait => Ok(Some(Step::Read(fetch))),
            (None, None) if may_wait && !is_fresh && (is_being_read || !is_failing) => {
                Ok(Some(Step::Wait(pause(waited))))
            }
            (None, read) => {
                self.status_lists.read_later(read);
                Err(Error::StatusListUnavailable(self.status_lists.problem(place)))
            }
        }
    }

    /// Takes a list that was asked for, or why it could not be read.
    pub(crate) fn list_fetched(
        &mut self,
        fetch: &Fetch,
        fetched: Result<Fetched<'_>, String>,
        now: Timestamp,
    ) -> Taken {
        let taken = fetched.and_then(|fetched| self.list_read(fetch, &fetched, now));
        self.settle_list(fetch, taken, now)
    }

    fn list_read(&mut self, fetch: &Fetch, fetched: &Fetched<'_>, now: Timestamp) -> Result<Taken, String> {
        let read = ListRead::new(fetch, fetched, now);
        let text = std::str::from_utf8(fetched.body).map_err(|_| "is no text")?;
        let token = UnverifiedToken::parse_status_list(text).map_err(told)?;
        let issuer = self.status_lists.terms(fetch).map(|terms| terms.issuer.clone()).unwrap_or_default();
        match self.trust.issuers.verify_as(&issuer, token) {
            Ok(Verification::Verified(token)) => deflated(read, token, now),
            Ok(Verification::Ask(check)) => {
                self.list_goes_on(fetch, now);
                Ok(Taken::Check(ListCheck { read, check }))
            }
            // It may be signed with a key that is new.
            Err(Refusal::KeyUnknown) => {
                let keys = self.keys_for_list(&issuer, now).ok_or_else(|| told(Refusal::KeyUnknown))?;
                if let Some(list) = self.status_lists.read_by(fetch) {
                    list.waits_for_keys(now);
                }
                Ok(Taken::Done(Keep { next: keys, ..Keep::default() }))
            }
            Err(refusal) => Err(told(refusal)),
        }
    }

    /// Goes on with a list whose signature is right, or is not, or why that is not known.
    pub fn list_checked(&mut self, checking: ListCheck, valid: Result<bool, String>, now: Timestamp) -> Taken {
        let ListCheck { read, check } = checking;
        let fetch = read.fetch.clone();
        if self.host_key(check.key()).is_none() {
            // Withdrawn while it was checked: it may be signed anew by now.
            if let Some(list) = self.status_lists.read_by(&fetch) {
                list.starts_over();
            }
            return Taken::Done(Keep::default());
        }
        self.list_goes_on(&fetch, now);
        let taken = valid.and_then(|valid| deflated(read, check.answer(valid).map_err(told)?, now));
        self.settle_list(&fetch, taken, now)
    }

    /// Takes a list that was inflated, or why it could not be.
    pub fn inflated(&mut self, deflated: Deflated, inflated: Result<Vec<u8>, String>, now: Timestamp) -> Taken {
        let Deflated { read: ListRead { fetch, read_at, age, max_age }, token } = deflated;
        let taken = inflated.and_then(|bytes| {
            if bytes.len() > MAX_BYTES {
                return Err(format!("has more than {MAX_BYTES} bytes"));
            }
            let longest = self.status_lists.terms(&fetch).map_or(Duration::ZERO, |terms| terms.max_age);
            let news = News {
                list: StatusList::new(token.bits(), bytes),
                issued_at: token.issued_at(),
                expires_at: token.expires_at(),
                lifetime: lifetime(token.time_to_live(), max_age, longest),
                read_at,
                age,
            };
            let lifetime = self.status_lists.learn(&fetch, news, now)?;
            Ok(Taken::Done(Keep { lifetime, next: None }))
        });
        self.settle_list(&fetch, taken, now)
    }

    /// Takes note of what is wrong with a list.
    fn settle_list(&mut self, fetch: &Fetch, taken: Result<Taken, String>, now: Timestamp) -> Taken {
        taken.unwrap_or_else(|problem| {
            if let Some(list) = self.status_lists.read_by(fetch) {
                list.failed(problem, now);
            }
            Taken::Done(Keep::default())
        })
    }

    fn list_goes_on(&mut self, fetch: &Fetch, now: Timestamp) {
        if let Some(list) = self.status_lists.read_by(fetch) {
            list.goes_on(now);
        }
    }

    /// What to read for a key of an issuer's that is not known; `Some(None)` while somebody reads it, `None` when it is not there.
    fn keys_for_list(&mut self, issuer: &str, now: Timestamp) -> Option<Option<Fetch>> {
        let index = self.trust.publishing(Signer::Issuer, Some(issuer))?;
        match self.trust.key_sets.get_mut(index)?.as_mut()?.unknown(index, now) {
            keys::Unknown::Read(fetch) => Some(Some(fetch)),
            keys::Unknown::Wait => Some(None),
            keys::Unknown::Refuse | keys::Unknown::Unavailable => None,
        }
    }
}

fn deflated(read: ListRead, token: VerifiedToken, now: Timestamp) -> Result<Taken, String> {
    let token = token.into_status_list_token(&read.fetch.url, now).map_err(told)?;
    Ok(Taken::Inflate(Deflated { read, token }))
}

#[inline(never)]
#[allow(clippy::needless_pass_by_value)] // It is what `map_err` has.
fn told(refusal: Refusal) -> String {
    refusal.to_string()
}
