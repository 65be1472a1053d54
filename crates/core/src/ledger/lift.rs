use super::Append;
use crate::{Revocation, Timestamp};

/// Lifts what somebody has `seen` of an id: he has looked in all shards in which a row of it may lie, and goes with this first to
/// the one in force, where there is a row then even if there was none: it lies above all others, and whatever is appended after
/// finds it, and counts. The others take no appends any more from the moment that he looked. Then he goes to those that have a row:
/// followers that hear of one alone would go by it.
///
/// `None` if there is something that he has not seen, since it came in between: it must stay. And after 255 times.
pub fn lift(known: Option<(u64, Revocation)>, seen: &Revocation, at: Timestamp, head: u64) -> Option<Append> {
    let lifted = seen.lifted(at)?;
    let row = match known {
        // By this very call, which has come before.
        Some((seq, row)) if row.cover.lifts() > seen.cover.lifts() => return Some(Append::Known(seq)),
        Some((_, row)) if row.cover.union(seen.cover) != seen.cover => return None,
        Some((_, row)) => Revocation { expires_at: row.expires_at.max(lifted.expires_at), ..lifted },
        None => lifted,
    };
    Some(Append::Write { seq: head + 1, row })
}

#[cfg(test)]
mod tests {
    use proptest::{collection, option, prelude::*};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{Cover, ledger::append, revocation::tests::revocation};

    const AT: Timestamp = Timestamp::from_millis(7);

    /// The row of an id.
    #[derive(Clone, Copy)]
    struct Shard(Option<(u64, Revocation)>);

    impl Shard {
        fn append(&mut self, new: Revocation) {
            self.put(append(self.0, new, 9));
        }

        fn put(&mut self, done: Append) {
            if let Append::Write { seq, row } = done {
                self.0 = Some((seq, row));
            }
        }
    }

    /// As somebody revokes who does not know what was lifted.
    fn new() -> impl Strategy<Value = Revocation> {
        revocation().prop_map(|new| Revocation { cover: Cover::everyone(new.cover.cutoff()), ..new })
    }

    proptest! {
        /// Of what was seen nothing is left; of what came since, or comes later, nothing is lost.
        #[test]
        fn what_was_seen_is_lifted_and_nothing_else(
            elsewhere in option::of(new()),
            here in option::of(revocation()),
            meanwhile in collection::vec(new(), 0..3),
            late in option::of(new()),
            issued_at in option::of((0..6u64).prop_map(Timestamp::from_millis)),
        ) {
            let Some(seen) = [elsewhere, here].into_iter().flatten().reduce(Revocation::merge) else { return Ok(()) };
            let mut shard = Shard(here.map(|row| (1, row)));
            meanwhile.iter().for_each(|new| shard.append(*new));
            let before = shard;
            for _ in 0..2 {
                lift(shard.0, &seen, AT, 9).into_iter().for_each(|done| shard.put(done));
            }
            prop_assert_eq!(lift(before.0, &seen, AT, 9).is_none(), shard.0 == before.0);
            late.iter().for_each(|new| shard.append(*new));

            let (_, row) = shard.0.unwrap();
            let all = elsewhere.map_or(row, |elsewhere| elsewhere.merge(row));
            let covers = |one: &Revocation| one.cover.covers(issued_at, None);
            let is_new = |new: &&Revocation| covers(new) && !covers(&seen);
            prop_assert!(covers(&all) || !meanwhile.iter().any(|new| is_new(&new)) && !late.iter().any(covers));
            if late.is_none() && meanwhile.is_empty() {
                prop_assert!(!covers(&all) && all.expires_at >= seen.expires_at);
            }
        }
    }

    #[test]
    fn there_is_an_end_to_it() {
        let row = Revocation {
            id: crate::fixtures::random_id(1),
            cover: Cover::everyone(crate::Cutoff::Always),
            expires_at: AT,
            revoked_at: AT,
            reason: crate::Reason::Logout,
        };
        let mut shard = Shard(None);
        let mut seen = row;
        for _ in 0..255 {
            shard.put(lift(shard.0, &seen, AT, 9).unwrap());
            shard.append(row);
            (_, seen) = shard.0.unwrap();
            assert_eq!(seen.cover.cutoff(), crate::Cutoff::Always);
        }
        assert_eq!(lift(shard.0, &seen, AT, 9), None);
    }
}
