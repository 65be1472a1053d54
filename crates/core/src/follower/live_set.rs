use core::cmp::Ordering;

use super::{
    generations::OWN,
    shelves::{Exact, Plain, Shelves, seconds},
};
use crate::{Cover, Cutoff, Revocation, RevocationId, Timestamp, segment::Slice};

/// How many shelves of each kind are swept at a time: all of them within minutes, at a million records in ten microseconds each
/// time.
const SWEPT: usize = 16;

/// Revocations that are alive and known exactly, in 16 bytes each: 14, half a byte to see that most ids
/// are none of them, and what is reserved for more.
///
/// That much is enough for one that covers every token of its id, as those of tokens and sessions do. Others (an "everywhere"
/// with its cutoff, an "all but this session", what was lifted) are kept with what they cover, in 72 bytes. Since when and why is kept of
/// none: it decides nothing.
#[derive(Default)]
pub struct LiveSet {
    plain: Shelves<Plain>,
    exact: Shelves<Exact>,
}

/// What is known of a revocation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Which of the id's tokens it covers.
    pub cover: Cover,
    /// Until when it is kept; rounded up to a second, and what expires after 2106 says so.
    pub expires_at: Timestamp,
}

impl LiveSet {
    /// Adds what is revoked here and now, whatever was lifted before: it is merged with what is there under its id.
    pub fn insert(&mut self, revocation: &Revocation, now: Timestamp) {
        let known = self.exact.find(&revocation.id).filter(|known| !known.plain.is_dead(now));
        let cover = known.map_or(revocation.cover, |known| revocation.cover.anew(&known.cover));
        self.insert_row(&Revocation { cover, ..*revocation }, OWN, now);
    }

    /// Adds a row of a log, of the generation in which it was read.
    pub(super) fn insert_row(&mut self, row: &Revocation, generation: u8, now: Timestamp) {
        let plain = Plain::new(&row.id, generation, seconds(row.expires_at));
        self.put(&row.id, Exact { plain, is_whole: false, cover: row.cover }, row.expires_at <= now, now);
    }

    /// Notes that the ledger has nothing under an id but what is there already, or comes after: see [`is_whole`](Self::is_whole).
    /// Where there is nothing, it may be forgotten at `until`.
    pub(super) fn complete(&mut self, id: &RevocationId, may_be_lifted: bool, until: Timestamp, now: Timestamp) {
        match self.plain.find(id).copied() {
            None => {
                let plain = Plain::new(id, OWN, seconds(until));
                self.put(id, Exact { plain, is_whole: true, cover: Cover::everyone(Cutoff::Nothing) }, false, now);
            }
            Some(plain) if may_be_lifted => {
                self.plain.remove(id);
                self.exact.insert(id, Exact { plain, is_whole: true, cover: Cover::everyone(Cutoff::Always) }, now);
            }
            // It covers everything as it is.
            Some(_) => {}
        }
    }

    fn put(&mut self, id: &RevocationId, new: Exact, is_dead: bool, now: Timestamp) {
        let lifts = new.cover.lifts();
        if let Some(known) = self.exact.find_mut(id) {
            known.is_whole |= new.is_whole;
            match lifts.cmp(&known.cover.lifts()) {
                Ordering::Equal => {
                    known.cover = known.cover.union(new.cover);
                    known.plain.renew(&new.plain);
                }
                // All that was lifted is dead with it, and what has come since, to a shard that has forgotten it, counts.
                Ordering::Less if !known.plain.is_dead(now) => {}
                Ordering::Greater if is_dead => {}
                _ => (known.cover, known.plain) = (new.cover, new.plain),
            }
        } else if let Some(known) = self.plain.find_mut(id).filter(|_| lifts == 0) {
            // It covers everything as it is.
            known.renew(&new.plain);
        } else if is_dead {
            // So is what it covers, or lifts.
        } else if new.cover == Cover::everyone(Cutoff::Always) {
            self.plain.insert(id, new.plain, now);
        } else {
            self.plain.remove(id);
            self.exact.insert(id, new, now);
        }
    }

    /// What is known under an id. One that has expired may still be there, and is right: what it covers is dead.
    pub fn lookup(&self, id: &RevocationId) -> Option<Known> {
        let (cover, plain) = match self.plain.find(id) {
            Some(plain) => (Cover::everyone(Cutoff::Always), plain),
            None => self.exact.find(id).map(|known| (known.cover, &known.plain))?,
        };
        Some(Known { cover, expires_at: Timestamp::from_secs(plain.expires_at().into()) })
    }

    /// Whether the ledger has been asked for an id that a segment may have, and no segment has come since that may know better:
    /// then what is known of it is all that there is. One that covers everything needs nobody to say so, unless it may be lifted.
    pub(super) fn is_whole(&self, id: &RevocationId, may_be_lifted: bool) -> bool {
        self.exact.find(id).is_some_and(|known| known.is_whole) || !may_be_lifted && self.plain.find(id).is_some()
    }

    /// All that there is stays until it expires, whatever segments say.
    pub(super) fn stay(&mut self) {
        for slice in (0..Slice::COUNT).filter_map(Slice::new) {
            self.plain.retain(slice, |_, plain| {
                plain.stay();
                true
            });
            self.exact.retain(slice, |_, known| {
                known.plain.stay();
                true
            });
        }
    }

    /// Makes room in a slice where segments have what was read in a generation. `is_behind` is whether they may know more of an id
    /// than the ledger told.
    pub(super) fn yield_slice(
        &mut self,
        slice: Slice,
        is_behind: bool,
        is_in_segments: impl Fn(&RevocationId, u8) -> bool,
    ) {
        self.plain.retain(slice, |id, plain| !is_in_segments(id, plain.generation()));
        self.exact.retain(slice, |id, known| {
            known.is_whole &= !is_behind;
            known.is_whole || !is_in_segments(id, known.plain.generation())
        });
    }

    /// Removes some of what has expired. Whoever calls this now and then, and after 128 times has gone through all, never has
    /// to go through it at once.
    pub fn sweep(&mut self, now: Timestamp) {
        self.plain.sweep(SWEPT, now);
        self.exact.sweep(SWEPT, now);
    }

    /// How many revocations there are, with those that have expired and not been removed yet.
    pub fn len(&self) -> usize {
        self.plain.len() + self.exact.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::{collection, prelude::*};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{Reason, fixtures::random_id as id};

    const ALWAYS: Cover = Cover::everyone(Cutoff::Always);

    fn revocation(id: RevocationId, cover: Cover, expires_at: u64) -> Revocation {
        let expires_at = Timestamp::from_secs(expires_at);
        Revocation { id, cover, expires_at, revoked_at: Timestamp::from_secs(1), reason: Reason::Logout }
    }

    #[test]
    fn nothing_is_found_in_nothing() {
        let mut set = LiveSet::default();
        set.sweep(Timestamp::from_secs(0));
        assert!(set.is_empty() && set.lookup(&id(1)).is_none());
        assert!(size_of::<LiveSet>() <= 64 && size_of::<Plain>() == 14 && size_of::<Exact>() == 72);
    }

    #[test]
    fn ids_are_told_apart_by_what_is_kept_of_them() {
        let mut set = LiveSet::default();
        let one = id(1);
        set.insert(&revocation(one, ALWAYS, 9), Timestamp::from_secs(0));
        for bit in 0..128 {
            let other = (u128::from_be_bytes(*one.as_bytes()) ^ 1 << (127 - bit)).to_be_bytes();
            let is_kept = !(72..120).contains(&bit);
            assert_eq!(set.lookup(&RevocationId::from_bytes(other)).is_none(), is_kept, "bit {bit}");
        }
    }

    #[test]
    fn what_never_ends_never_goes() {
        let mut set = LiveSet::default();
        set.insert(&revocation(id(1), ALWAYS, 5_000_000_000), Timestamp::from_secs(0));
        (0..128).for_each(|_| set.sweep(Timestamp::from_secs(4_999_999_999)));
        assert!(set.lookup(&id(1)).is_some());
    }

    #[test]
    fn what_is_revoked_here_counts_whatever_was_lifted_before() {
        let (mut set, now) = (LiveSet::default(), Timestamp::from_secs(0));
        let (lifted, covers) = (ALWAYS.lifted().unwrap(), |set: &LiveSet| set.lookup(&id(1)).unwrap().cover.cutoff());
        set.insert(&revocation(id(1), ALWAYS, 9), now);
        set.insert_row(&revocation(id(1), lifted, 9), 0, now);
        assert_eq!((covers(&set), set.len()), (Cutoff::Nothing, 1));
        // The row of before comes late, from another shard.
        set.insert_row(&revocation(id(1), ALWAYS, 9), 0, now);
        assert_eq!(covers(&set), Cutoff::Nothing);
        set.insert(&revocation(id(1), ALWAYS, 9), now);
        assert_eq!(covers(&set), Cutoff::Always);
    }

    #[test]
    fn what_was_lifted_counts_until_it_expires() {
        let (lifted, at) = (ALWAYS.lifted().unwrap(), Timestamp::from_secs);
        let anew = ALWAYS.anew(&lifted);
        let set = |rows: &[(Cover, u64, u64)]| {
            let mut set = LiveSet::default();
            for (cover, expires_at, now) in rows {
                set.insert_row(&revocation(id(1), *cover, *expires_at), 0, at(*now));
            }
            set.lookup(&id(1)).map(|known| (known.cover, known.expires_at))
        };
        // It lasts as long as it says, and not as what it lifts.
        assert_eq!(set(&[(ALWAYS, 90, 1), (lifted, 9, 1)]), Some((lifted, at(9))));
        assert_eq!(set(&[(ALWAYS, 90, 1), (lifted, 9, 1), (ALWAYS, 99, 8)]), Some((lifted, at(9))));
        assert_eq!(set(&[(ALWAYS, 90, 1), (lifted, 9, 1), (anew, 99, 8), (lifted, 9, 8)]), Some((anew, at(99))));
        // Then whatever comes is new; and it comes too late.
        assert_eq!(set(&[(ALWAYS, 90, 1), (lifted, 9, 1), (ALWAYS, 99, 9)]), Some((ALWAYS, at(99))));
        assert_eq!(set(&[(ALWAYS, 90, 1), (lifted, 9, 9)]), Some((ALWAYS, at(90))));
        assert_eq!(set(&[(Cover::everyone(Cutoff::Nothing), 90, 1), (lifted, 9, 9)]).unwrap().1, at(90));
        assert_eq!(set(&[(lifted, 9, 9)]), None);
        let mut own = LiveSet::default();
        own.insert_row(&revocation(id(1), lifted, 9), 0, at(1));
        own.insert(&revocation(id(1), ALWAYS, 99), at(9));
        assert_eq!(own.lookup(&id(1)).unwrap().cover, ALWAYS);
    }

    #[test]
    fn a_shelf_is_purged_before_it_grows() {
        let mut set = LiveSet::default();
        // One shelf, a hundred alive at a time.
        for number in 0..10_000 {
            let mut bytes = *id(number).as_bytes();
            bytes[..2].fill(7);
            let revocation = revocation(RevocationId::from_bytes(bytes), ALWAYS, number + 100);
            set.insert(&revocation, Timestamp::from_secs(number));
        }
        assert!((100..=120).contains(&set.len()), "{}", set.len());
    }

    #[test]
    fn a_hundred_thousand_are_found_and_go_when_they_expire() {
        let mut set = LiveSet::default();
        let all = 100_000;
        for number in 0..all {
            set.insert(&revocation(id(number), ALWAYS, 100 + number % 2), Timestamp::from_secs(0));
        }
        assert!((0..all).all(|number| set.lookup(&id(number)).is_some()) && set.len() == all as usize);
        assert!((all..2 * all).all(|number| set.lookup(&id(number)).is_none()));
        (0..128).for_each(|_| set.sweep(Timestamp::from_secs(100)));
        assert!((0..all).all(|number| set.lookup(&id(number)).is_some() == (number % 2 == 1)));
    }

    #[derive(Clone, Debug)]
    enum Event {
        Insert(Revocation),
        Sweep,
        Later(u64),
    }

    fn event() -> impl Strategy<Value = Event> {
        let cover = prop_oneof![
            4 => Just(ALWAYS),
            1 => (0..9u64).prop_map(|at| Cover::everyone(Cutoff::IssuedUntil(Timestamp::from_secs(at)))),
            1 => (0..9u64).prop_map(|keep| Cover::all_but(id(keep), Cutoff::Always)),
        ];
        // Few ids, of which some share a shelf.
        let id = (0..40u64, any::<bool>()).prop_map(|(number, shares)| {
            let mut bytes = *id(number).as_bytes();
            if shares {
                bytes[..2].fill(0);
            }
            RevocationId::from_bytes(bytes)
        });
        prop_oneof![
            8 => (id, cover, 1..60u64).prop_map(|(id, cover, until)| Event::Insert(revocation(id, cover, until))),
            1 => Just(Event::Sweep),
            1 => (1..9u64).prop_map(Event::Later),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        /// Whatever is alive is known, and covers and lasts as if everything had been kept. Nothing else is known but what
        /// has expired.
        #[test]
        fn knows_what_a_map_knows(events in collection::vec(event(), 1..200)) {
            let (mut set, mut now) = (LiveSet::default(), 0);
            // Merged with everything that ever came, or with what was alive when it came.
            let (mut most, mut least) = (HashMap::new(), HashMap::<RevocationId, Revocation>::new());
            for event in events {
                match event {
                    Event::Insert(revocation) => {
                        let now = Timestamp::from_secs(now);
                        set.insert_row(&revocation, OWN, now);
                        least.retain(|_, known| known.expires_at > now);
                        for map in [&mut most, &mut least] {
                            let merge = |known: &mut Revocation| *known = known.merge(revocation);
                            map.entry(revocation.id).and_modify(merge).or_insert(revocation);
                        }
                    }
                    Event::Sweep => set.sweep(Timestamp::from_secs(now)),
                    Event::Later(secs) => now += secs,
                }
                for (id, least) in least.iter().filter(|(_, known)| known.expires_at > Timestamp::from_secs(now)) {
                    let (known, most) = (set.lookup(id).expect("is alive"), most[id]);
                    prop_assert_eq!(known.cover.union(least.cover), known.cover);
                    prop_assert_eq!(known.cover.union(most.cover), most.cover);
                    prop_assert_eq!((known.expires_at, least.expires_at), (most.expires_at, most.expires_at));
                }
                prop_assert!(set.len() <= most.len());
            }
        }
    }
}
