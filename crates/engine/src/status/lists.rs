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

/// The most that are read at once: a Worker has six connections for one request.
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

    /// Looks a token up. A list that is to be read anew soon is read in the background.
    pub(super) fn look(&mut self, place: &PlaceInList, now: Timestamp) -> Look {
        self.looks += 1;
        let (used, max_age) = (self.looks, self.max_age(place.terms));
        let may_read = self.lists.iter().filter(|list| list.is_being_read(now)).count() < MAX_READS;
        let Some(list) = self.list(place, now) else { return Look::Wait };
        list.used = used;
        let look = list.look(place.index, max_age, may_read, now);
        if may_read && matches!(look, Look::Fresh(_)) {
            let due = list.due(max_age, now);
            self.refresh.extend(due);
        }
        look
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
        while self.bytes() > MAX_BYTES && self.forget_one(now, |list| list.used != used) {}
        Ok(lifetime)
    }

    /// The list with this place, if there is room for it.
    fn list(&mut self, place: &PlaceInList, now: Timestamp) -> Option<&mut KnownList> {
        let found = self.lists.iter().position(|list| list.is(place.terms, &place.uri));
        if found.is_none() {
            if self.lists.len() >= MAX_LISTS && !self.forget_one(now, |_| true) {
                return None;
            }
            self.lists.push(KnownList::new(place.terms, &place.uri));
        }
        match found {
            Some(at) => self.lists.get_mut(at),
            None => self.lists.last_mut(),
        }
    }

    /// Forgets the list that was longest of no use, of those that may be and that nobody reads.
    fn forget_one(&mut self, now: Timestamp, may_be: impl Fn(&KnownList) -> bool) -> bool {
        let candidates = self.lists.iter().enumerate().filter(|(_, list)| may_be(list) && !list.is_being_read(now));
        let oldest = candidates.min_by_key(|(_, list)| list.used).map(|(at, _)| at);
        oldest.map(|at| self.lists.swap_remove(at)).is_some()
    }

    fn bytes(&self) -> usize {
        self.lists.iter().map(KnownList::bytes).sum()
    }

    fn max_age(&self, terms: usize) -> Duration {
        self.terms.get(terms).map_or(Duration::ZERO, |terms| terms.max_age)
    }
}
