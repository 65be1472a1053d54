use super::{
    bits::{bits, select, word},
    layout::Table,
    shape::{Bucket, Place},
};

impl Table {
    /// Whether a number is there, in the bytes of the segment; `None` when something is missing that was built.
    pub(super) fn contains(&self, bytes: &[u8], number: u64) -> Option<bool> {
        let Place { bucket, quotient, low } = self.shape.place(number);
        let (before, after) = (self.before(bytes, bucket)?, self.before(bytes, bucket + 1)?);
        let data = bytes.get(self.buckets..)?;
        let Bucket { start, lows } = self.shape.bucket(bucket, before, after.checked_sub(before)?);
        // The entries of the quotient are the ones behind as many zeros.
        let mut at = skip_zeros(data, start, lows, quotient)?;
        let mut low_at = lows + at.checked_sub(start + quotient)? * u64::from(self.shape.low);
        while at < lows {
            let known = 64 - (at % 8) as u32;
            let ones = bits(data, at)?.trailing_ones();
            for _ in 0..ones {
                if bits(data, low_at)? & ((1 << self.shape.low) - 1) == low {
                    return Some(true);
                }
                low_at += u64::from(self.shape.low);
            }
            if ones < known {
                return Some(false);
            }
            at += u64::from(ones);
        }
        None
    }

    /// How many entries come before a bucket.
    fn before(&self, bytes: &[u8], bucket: u64) -> Option<u64> {
        let bytes = bytes.get(self.index + 4 * bucket as usize..)?.first_chunk()?;
        Some(u32::from_le_bytes(*bytes).into())
    }

    /// Whether the index begins with nothing, ends with everything, and never goes back.
    pub(super) fn has_index(&self, bytes: &[u8]) -> bool {
        let (index, _) = bytes[self.index..self.buckets].as_chunks();
        let index = || index.iter().map(|number| u32::from_le_bytes(*number));
        index().next() == Some(0) && index().next_back() == Some(self.count) && index().is_sorted()
    }
}

/// Where it goes on behind so many zeros from `start` on; `None` where there are not as many before `end`.
fn skip_zeros(bytes: &[u8], start: u64, end: u64, zeros: u64) -> Option<u64> {
    let Some(mut last) = (zeros as u32).checked_sub(1) else { return Some(start) };
    let mut at = start / 8;
    // The bits before are no zeros of ours.
    let mut rest = !(word(bytes, at)? | ((1 << (start % 8)) - 1));
    while rest.count_ones() <= last {
        last -= rest.count_ones();
        at += 8;
        if at * 8 >= end {
            return None;
        }
        rest = !word(bytes, at)?;
    }
    Some(at * 8 + u64::from(select(rest, last)) + 1)
}
