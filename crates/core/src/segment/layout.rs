use super::{
    KINDS, MAX_BYTES,
    header::{Header, header_bytes},
    shape::Shape,
};

/// What comes after all bits.
pub(super) const PADDING: usize = 7;

/// Where the tables of a segment are.
pub(super) struct Layout {
    /// All numbers are less.
    pub(super) range: u64,
    /// That of each kind.
    pub(super) tables: [Option<Table>; KINDS],
    /// Of the whole segment.
    pub(super) bytes: usize,
}

/// The ids of one kind.
#[derive(Clone, Copy)]
pub(super) struct Table {
    pub(super) shape: Shape,
    pub(super) count: u32,
    /// Where its index begins, and its buckets.
    pub(super) index: usize,
    pub(super) buckets: usize,
}

impl Layout {
    /// `None` when the segment would be longer than [`MAX_BYTES`].
    pub(super) fn new(header: &Header) -> Option<Self> {
        // At least one: a segment of none has no numbers, but a range.
        let range = header.count().max(1) * u64::from(header.one_in.get());
        let mut tables = [None; KINDS];
        let mut end = header_bytes(header.tables()) as u64;
        for (table, &count) in tables.iter_mut().zip(&header.counts).filter(|(_, count)| **count > 0) {
            let shape = Shape::new(range, count);
            let index = end;
            let buckets = index + shape.index_bytes();
            end = buckets + shape.bucket_bytes(count);
            *table = Some(Table { shape, count, index: index as usize, buckets: buckets as usize });
        }
        let bytes = usize::try_from(end).ok()?.checked_add(PADDING).filter(|bytes| *bytes <= MAX_BYTES)?;
        Some(Self { range, tables, bytes })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::segment::{MAX_IDS, ONE_IN, Slice, Snapshot};

    fn bytes(counts: &[usize]) -> Option<usize> {
        let mut header = Header {
            snapshot: Snapshot { shard: 0, epoch: 0, seq: 0, slice: Slice::new(0).unwrap() },
            one_in: ONE_IN,
            counts: [0; KINDS],
        };
        header.counts.iter_mut().zip(counts).for_each(|(place, count)| *place = *count as u32);
        Layout::new(&header).map(|layout| layout.bytes)
    }

    #[test]
    fn as_many_as_may_be_fit_at_the_usual_rate_if_they_are_of_one_kind() {
        assert!(bytes(&[MAX_IDS]).is_some_and(|bytes| (1_850_000..1_852_000).contains(&bytes)));
        assert!(bytes(&[900_000, 100_000]).is_some_and(|bytes| bytes <= MAX_BYTES));
        // Of two bits more each.
        assert!(bytes(&[230_000; 4]).is_some_and(|bytes| bytes <= MAX_BYTES));
        assert_eq!(bytes(&[240_000; 4]), None);
    }
}
