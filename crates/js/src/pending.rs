use std::time::Duration;

use quash_core::Timestamp;

/// After this long nobody comes back: a signature takes a millisecond, a look-up three seconds at most, a document ten.
const ABANDONED: Duration = Duration::from_secs(30);

/// What waits for its host, by a number that is never used twice: one request's answer can never go to another.
///
/// A host whose request is cancelled does not come back, and does not say so. What it left is dropped after a while.
pub(crate) struct Pending<T> {
    last: u32,
    /// In the order in which they came, which is that of their numbers.
    waiting: Vec<(u32, Timestamp, Box<T>)>,
}

impl<T> Default for Pending<T> {
    fn default() -> Self {
        Self { last: 0, waiting: Vec::new() }
    }
}

impl<T> Pending<T> {
    pub(crate) fn put(&mut self, item: T, now: Timestamp) -> u32 {
        let abandoned = self.waiting.iter().take_while(|(_, since, _)| now.since(*since) > ABANDONED).count();
        self.waiting.drain(..abandoned);
        self.last += 1;
        self.waiting.push((self.last, now, Box::new(item)));
        self.last
    }

    pub(crate) fn take(&mut self, number: u32) -> Option<T> {
        let at = self.waiting.binary_search_by_key(&number, |(number, ..)| *number).ok()?;
        Some(*self.waiting.remove(at).2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_abandoned_goes_and_its_number_is_nobodys() {
        let mut pending = Pending::default();
        let at = Timestamp::from_secs;
        let (first, second) = (pending.put("a", at(100)), pending.put("b", at(120)));
        let third = pending.put("c", at(131));
        assert_eq!((pending.take(first), pending.take(second), pending.take(third)), (None, Some("b"), Some("c")));
        assert!(![first, second, third].contains(&pending.put("d", at(132))));
    }
}
