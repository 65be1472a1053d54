use std::time::Duration;

use quash_core::{Claims, Timestamp};

use super::{
    list::{KnownList, Look, News},
    terms::{PlaceInList, StatusTerms},
};
use crate::{error::Error, keys::Fetch};

/// The most lists that are kept, and the most bytes that they may take, of the isolate's 128 MB.
const MAX_LISTS: usize = 64;
const MAX_BYTES: usize = 16 << 20;

/// The most of one issuer that are read at once, each of which may take three megabytes of the same memory. Another issuer's are not kept
/// waiting by those that do not answer.
const MAX_READS: usize = 6;

/// What is known of status lists: of those that were of use last.
#[derive(Default)]
pub(crate) struct StatusLists {
    terms: Vec<StatusTerms>,
    lists: Vec<KnownList>,
    /// How many looks there were.
    looks: u64,
    /// Reads that nobody waits for.
    refresh: Vec<Fetch>,
}

impl StatusLists {
    pub(crate) fn new(terms: Vec<StatusTerms>) -> Self {
        Self { terms, ..Self::default() }
    }

    /// The terms by which a document is read.
    pub(super) fn terms(&self, fetch: &Fetch) -> Option<&StatusTerms> {
        self.terms.get(fetch.issuer)
    }

    /// Where the status of a token with these claims is to be read; `None` where nobody wants it to be.
    ///
    /// # Errors
    /// Why the token is not accepted.
    pub(crate) fn place(&self, claims: &Claims) -> Result<Option<PlaceInList>, Error> {
        let its = self.terms.iter().enumerate().find(|(_, terms)| Some(terms.issuer.as_str()) == claims.issuer());
        its.map_or(Ok(None), |(number, terms)| terms.place(number, claims))
    }

    /// Looks a token up.
    pub(super) fn look(&mut self, place: &PlaceInList, now: Timestamp) -> Look {
        self.looks += 1;
        let (used, max_age) = (self.looks, self.max_age(place.terms));
        let is_read = |list: &&KnownList| list.terms == place.terms && list.is_being_read(now);
        let may_read = self.lists.iter().filter(is_read).count() < MAX_READS;
        let Some(list) = self.list(place, now) else { return Look::default() };
        list.used = used;
        list.look(place.index, max_age, may_read, now)
    }

    /// Why nothing is known of a token, for an operator.
    pub(super) fn problem(&self, place: &PlaceInList) -> String {
        let list = self.lists.iter().find(|list| list.is(place.terms, &place.uri));
        list.map_or_else(|| "too many are being read".into(), KnownList::problem)
    }

    /// Keys have changed: what they signed is read again.
    pub(crate) fn doubt(&mut self, now: Timestamp) {
        self.lists.iter_mut().for_each(|list| list.doubt(now));
    }

    /// Has a document be read that nobody waits for.
    pub(super) fn read_later(&mut self, fetch: Option<Fetch>) {
        self.refresh.extend(fetch);
    }

    /// Whether there is a read that nobody waits for.
    pub(crate) fn is_due(&self) -> bool {
        !self.refresh.is_empty()
    }

    /// That read, once.
    pub(crate) fn due(&mut self) -> Option<Fetch> {
        self.refresh.pop()
    }

    /// The list that a document is of, unless that has gone.
    pub(super) fn read_by(&mut self, fetch: &Fetch) -> Option<&mut KnownList> {
        self.lists.iter_mut().find(|list| list.is(fetch.issuer, &fetch.url))
    }

    /// Takes what was read, and tells how long it is good for.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(super) fn learn(&mut self, fetch: &Fetch, news: News, now: Timestamp) -> Result<Duration, &'static str> {
        let Some(list) = self.read_by(fetch) else { return Ok(Duration::ZERO) };
        let lifetime = list.learn(news, now)?;
        let used = list.used;
        // What was just read is not what goes, or who waits for it would read it for ever.
        while self.bytes() > MAX_BYTES && self.forget_one(now, used) {}
        Ok(lifetime)
    }

    /// The list with this place, if there is room for it.
    fn list(&mut self, place: &PlaceInList, now: Timestamp) -> Option<&mut KnownList> {
        let found = self.lists.iter().position(|list| list.is(place.terms, &place.uri));
        if found.is_none() {
            if self.lists.len() >= MAX_LISTS && !self.forget_one(now, u64::MAX) {
                return None;
            }
            self.lists.push(KnownList::new(place.terms, &place.uri));
        }
        match found {
            Some(at) => self.lists.get_mut(at),
            None => self.lists.last_mut(),
        }
    }

    /// Forgets the list that was longest of no use, but not what was `spared`, nor what is being read. One that fails goes last: who had
    /// forgotten that would ask its issuer again at once.
    fn forget_one(&mut self, now: Timestamp, spared: u64) -> bool {
        let candidates = self.lists.iter().enumerate();
        let candidates = candidates.filter(|(_, list)| list.used != spared && !list.is_being_read(now));
        let oldest = candidates.min_by_key(|(_, list)| (list.is_failing, list.used)).map(|(at, _)| at);
        oldest.map(|at| self.lists.swap_remove(at)).is_some()
    }

    fn bytes(&self) -> usize {
        self.lists.iter().map(KnownList::bytes).sum()
    }

    fn max_age(&self, terms: usize) -> Duration {
        self.terms.get(terms).map_or(Duration::ZERO, |terms| terms.max_age)
    }
}
