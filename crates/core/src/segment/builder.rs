use alloc::vec::Vec;
use core::{cmp::Ordering, iter, num::NonZeroU32};

use thiserror::Error;

use super::{
    KINDS, MAX_IDS, Slice, Snapshot,
    bits::Writer,
    header::{Header, identify},
    layout::{Layout, PADDING, Table},
    lookup::first,
    shape::number,
};
use crate::RevocationId;

/// Builds a segment from ids that come in their order, as a database gives them. It keeps eight bytes of each.
///
/// ```
/// use quash_core::{RevocationId, segment::{Builder, ONE_IN, Segment, Slice, Snapshot}};
///
/// let [one, two, other] = [1, 2, 3].map(|byte| RevocationId::from_bytes([byte; 16]));
/// let snapshot = Snapshot { shard: 0, epoch: 7, seq: 2, slice: Slice::of(&one) };
/// let mut builder = Builder::new(snapshot, ONE_IN);
/// builder.push(&one)?;
/// builder.push(&two)?;
///
/// let segment = Segment::parse(builder.finish()?)?;
/// assert!(segment.contains(&one) && segment.contains(&two) && !segment.contains(&other));
/// # Ok::<(), Box<dyn core::error::Error>>(())
/// ```
pub struct Builder {
    snapshot: Snapshot,
    one_in: NonZeroU32,
    /// How the ids of each kind begin.
    firsts: [Vec<u64>; KINDS],
    count: usize,
}

/// Why a segment is not built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unfit {
    /// The id is of another slice.
    #[error("the id is not of the segment's slice")]
    Slice,
    /// The id comes before one of its kind that was added.
    #[error("the ids are in no order")]
    Order,
    /// There are more than [`MAX_IDS`], or it would be longer than [`MAX_BYTES`](super::MAX_BYTES): nobody could load it.
    #[error("the segment would be too long")]
    Size,
}

impl Builder {
    /// Begins a segment that takes one in `one_in` tokens for revoked that are not. [`ONE_IN`](super::ONE_IN) is usual; each
    /// doubling costs a bit for each id.
    pub fn new(snapshot: Snapshot, one_in: NonZeroU32) -> Self {
        Self { snapshot, one_in, firsts: Default::default(), count: 0 }
    }

    /// Adds an id: those of a kind in their order. One that comes twice is added once.
    ///
    /// # Errors
    /// [`Unfit`] when it is not of the slice, comes before the last one of its kind, or [`MAX_IDS`] have been added. The builder is
    /// as it was before.
    pub fn push(&mut self, id: &RevocationId) -> Result<(), Unfit> {
        if Slice::of(id) != self.snapshot.slice {
            return Err(Unfit::Slice);
        }
        let firsts = &mut self.firsts[usize::from(id.kind())];
        match firsts.last().map_or(Ordering::Less, |last| last.cmp(&first(id))) {
            Ordering::Less if self.count == MAX_IDS => return Err(Unfit::Size),
            Ordering::Less => {
                firsts.push(first(id));
                self.count += 1;
            }
            Ordering::Equal => {}
            Ordering::Greater => return Err(Unfit::Order),
        }
        Ok(())
    }

    /// The segment.
    ///
    /// # Errors
    /// [`Unfit::Size`] when it would be longer than [`MAX_BYTES`](super::MAX_BYTES).
    pub fn finish(self) -> Result<Vec<u8>, Unfit> {
        let counts = self.firsts.each_ref().map(|firsts| firsts.len() as u32);
        let header = Header { snapshot: self.snapshot, one_in: self.one_in, counts };
        let layout = Layout::new(&header).ok_or(Unfit::Size)?;
        let mut bytes = header.write();
        bytes.reserve_exact(layout.bytes - bytes.len());
        for (table, firsts) in layout.tables.iter().zip(&self.firsts) {
            if let Some(table) = table {
                bytes = table.write(bytes, firsts, layout.range);
            }
        }
        bytes.extend([0; PADDING]);
        identify(&mut bytes);
        Ok(bytes)
    }
}

impl Table {
    /// Appends the index and the buckets of ids that begin so, in their order.
    fn write(&self, bytes: Vec<u8>, firsts: &[u64], range: u64) -> Vec<u8> {
        let place = |first: &u64| self.shape.place(number(*first, range));
        let mut writer = Writer::new(bytes);
        writer.put(0, 32);
        for bucket in 0..self.shape.buckets() {
            writer.put(firsts.partition_point(|first| place(first).bucket <= bucket) as u64, 32);
        }
        let mut firsts = firsts.iter().peekable();
        for bucket in 0..self.shape.buckets() {
            let entries = iter::from_fn(|| firsts.next_if(|first| place(first).bucket == bucket));
            let entries: Vec<_> = entries.map(place).collect();
            let mut quotients = 0;
            for entry in &entries {
                writer.put_zeros(entry.quotient - quotients);
                writer.put(1, 1);
                quotients = entry.quotient;
            }
            writer.put_zeros(self.shape.quotients_of(bucket) - quotients);
            entries.iter().for_each(|entry| writer.put(entry.low, self.shape.low));
        }
        writer.finish()
    }
}
