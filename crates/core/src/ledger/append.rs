use crate::Revocation;

/// What an append does to its shard's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Append {
    /// Nothing: the row of this number says it all.
    Known(u64),
    /// The row of the id is put in its place under a new number, which is the new head. Both have to be durable before the
    /// append is acknowledged.
    Write {
        /// The number.
        seq: u64,
        /// What the row says from now on.
        row: Revocation,
    },
}

/// Appends `new` to a log whose head is `head`, and which has `known` under the same id: its number, and what it says. An
/// expired row that has not been removed yet counts like any other.
///
/// The same append can come twice, or late, and changes nothing then: whoever heard no answer may repeat it. Unless it has been lifted
/// in between: it is not known to be the same, and revokes anew.
pub fn append(known: Option<(u64, Revocation)>, new: Revocation, head: u64) -> Append {
    match known {
        None => Append::Write { seq: head + 1, row: new },
        Some((seq, row)) => match row.renewed(new) {
            merged if merged == row => Append::Known(seq),
            merged => Append::Write { seq: head + 1, row: merged },
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::revocation::tests::revocation;

    proptest! {
        #[test]
        fn an_append_that_comes_again_changes_nothing(one in revocation(), two in revocation(), head in 5..9u64) {
            let Append::Write { seq, row } = append(None, one, head) else { panic!() };
            prop_assert_eq!((seq, row), (head + 1, one));
            prop_assert_eq!(append(Some((3, one)), one, head), Append::Known(3));
            match append(Some((3, one)), two, head) {
                Append::Known(seq) => prop_assert_eq!((seq, one.renewed(two)), (3, one)),
                Append::Write { seq, row } => {
                    prop_assert_eq!((seq, row), (head + 1, one.renewed(two)));
                    prop_assert_ne!(row, one);
                    // Either of them, late: unless it is of before something was lifted.
                    for late in [one, two].into_iter().filter(|late| late.cover.lifts() == row.cover.lifts()) {
                        prop_assert_eq!(append(Some((seq, row)), late, seq), Append::Known(seq));
                    }
                }
            }
        }
    }
}
