use super::header::{HEADER, Header, PADDING};
use crate::RevocationId;

/// How many quotients a bucket has, and about as many entries: the index then takes an eighth of a bit for each.
const QUOTIENTS: u64 = 256;

/// Which number an id is cut down to, and where its bits are.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    shard: u8,
    shards: u8,
    /// All numbers are less.
    range: u64,
    /// The bits of a number that are kept as they are.
    pub(super) low: u32,
}

/// Where a number is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) bucket: u64,
    /// In the bucket.
    pub(super) quotient: u64,
    pub(super) low: u64,
}

/// The bits of a bucket: from `start` its quotients, from `lows` the lower bits of its entries.
pub(super) struct Bucket {
    pub(super) start: u64,
    pub(super) lows: u64,
}

impl Shape {
    pub(super) fn new(header: &Header) -> Self {
        let snapshot = &header.snapshot;
        let rate = header.rate;
        Self {
            shard: snapshot.shard,
            shards: snapshot.shards.get(),
            // One at least: a segment that was built for none may have been given some.
            range: u64::from(rate.expected.max(1)) * u64::from(rate.one_in.get()),
            // With one more, an entry would cost a bit more, and at least a half of what its share of the zeros is, two at most,
            // would be spared.
            low: rate.one_in.ilog2(),
        }
    }

    /// The number of an id; `None` when another shard keeps it. The order of numbers is that of ids.
    pub(super) fn number(&self, id: &RevocationId) -> Option<u64> {
        let first = u64::from_be_bytes(*id.as_bytes().first_chunk()?);
        let shards = u64::from(self.shards);
        // As `ShardCount::shard_of`. What is left over is how far into the shard the id lies.
        let scaled = (first >> 32) * shards;
        if scaled >> 32 != u64::from(self.shard) {
            return None;
        }
        // The last few ids of a shard would begin again with zero.
        let into = (scaled << 32).saturating_add((first & 0xffff_ffff) * shards);
        Some(high_product(into, self.range))
    }

    pub(super) fn place(&self, number: u64) -> Place {
        let quotient = number >> self.low;
        let low = number & ((1 << self.low) - 1);
        Place { bucket: quotient / QUOTIENTS, quotient: quotient % QUOTIENTS, low }
    }

    pub(super) fn buckets(&self) -> u64 {
        self.quotients().div_ceil(QUOTIENTS)
    }

    /// Of so many entries, before which there are `before`.
    pub(super) fn bucket(&self, bucket: u64, before: u64, entries: u64) -> Bucket {
        let start = before * self.bits_per_entry() + bucket * QUOTIENTS;
        Bucket { start, lows: start + entries + self.quotients_of(bucket) }
    }

    /// The last bucket has fewer than the others.
    pub(super) fn quotients_of(&self, bucket: u64) -> u64 {
        self.quotients().saturating_sub(bucket * QUOTIENTS).min(QUOTIENTS)
    }

    /// The most entries that a bucket can have: numbers that are all different.
    pub(super) fn max_entries(&self) -> u64 {
        QUOTIENTS << self.low
    }

    /// The length of a segment of so many numbers.
    pub(super) fn bytes(&self, count: u32) -> u64 {
        let bits = u64::from(count) * self.bits_per_entry() + self.quotients();
        self.data() + bits.div_ceil(8) + PADDING as u64
    }

    /// Where its buckets begin.
    pub(super) fn data(&self) -> u64 {
        HEADER as u64 + (self.buckets() + 1) * 4
    }

    fn quotients(&self) -> u64 {
        ((self.range - 1) >> self.low) + 1
    }

    fn bits_per_entry(&self) -> u64 {
        u64::from(self.low) + 1
    }
}

/// The upper half of a product. In wasm u128 would call a function for it, with the result in memory.
fn high_product(a: u64, b: u64) -> u64 {
    let halves = |number: u64| (number >> 32, number & 0xffff_ffff);
    let ((a, a_low), (b, b_low)) = (halves(a), halves(b));
    let (one, two) = (a * b_low + ((a_low * b_low) >> 32), a_low * b);
    let ((one, one_low), (two, two_low)) = (halves(one), halves(two));
    a * b + one + two + ((one_low + two_low) >> 32)
}

#[cfg(test)]
mod tests {
    use core::num::NonZeroU32;

    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::{
        Timestamp,
        ledger::ShardCount,
        segment::{Rate, Snapshot},
    };

    fn shape(shard: u8, shards: u8, expected: u32, one_in: u32) -> Shape {
        let time = Timestamp::from_secs(0);
        let shards = ShardCount::new(shards).unwrap();
        let snapshot = Snapshot { shard, shards, epoch: 0, seq: 0, expires_from: time, expires_before: time };
        let rate = Rate { expected, one_in: NonZeroU32::new(one_in).unwrap() };
        Shape::new(&Header { snapshot, rate, count: 0 })
    }

    fn id(first: u64) -> RevocationId {
        RevocationId::from_bytes((u128::from(first) << 64).to_be_bytes())
    }

    #[test]
    fn a_segment_has_fourteen_bits_for_each_and_a_little_more() {
        let per_entry = |count: u32| shape(0, 1, count, 4096).bytes(count) as f64 * 8. / f64::from(count);
        for (count, bits) in [(1_000, 14.7), (10_000, 14.2), (1_000_000, 14.13), (10_000_000, 14.13)] {
            assert!(per_entry(count) <= bits, "{} for {count}", per_entry(count));
        }
        // From there on for any count.
        assert!((10_000..11_000).all(|count| per_entry(count) <= 14.2));
    }

    #[test]
    fn nothing_overflows() {
        for (expected, one_in) in [(u32::MAX, u32::MAX), (0, u32::MAX), (u32::MAX, 1), (0, 1)] {
            let whole = shape(0, 1, expected, one_in);
            let last = whole.place(whole.number(&id(u64::MAX)).unwrap());
            assert_eq!((last.bucket + 1, last.quotient + 1), (whole.buckets(), whole.quotients_of(last.bucket)));
            assert!(whole.bytes(u32::MAX) > u64::from(u32::MAX) / 8 && whole.max_entries() >= 256);
            assert_eq!(whole.quotients_of(whole.buckets()), 0);
            let part = shape(254, 255, expected, one_in);
            assert!(part.number(&id(u64::MAX)).is_some() && part.number(&id(0)).is_none());
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn the_upper_half_is_that_of_128_bits(a: u64, b: u64) {
            prop_assert_eq!(high_product(a, b), ((u128::from(a) * u128::from(b)) >> 64) as u64);
        }

        /// Whatever is in the shard has a number, in the order of ids, near to where a shard ends too; what is not has none.
        #[test]
        fn numbers_have_the_order_of_ids(
            shard: u8, shards in 1..=255u8, expected: u32, one_in in 1..=u32::MAX, near: u64, one: u64, two: u64, far in 0..64u32,
        ) {
            let shard = shard % shards;
            let shape = shape(shard, shards, expected, one_in);
            let count = ShardCount::new(shards).unwrap();
            let start = ((u128::from(shard) << 64) / u128::from(shards)) as u64;
            for base in [near, start, start.wrapping_add(u64::MAX / u64::from(shards))] {
                let [one, two] = [one, two].map(|offset| id(base.wrapping_add(offset >> far)));
                let (one, two) = (one.min(two), one.max(two));
                let numbers = [one, two].map(|id| shape.number(&id));
                prop_assert_eq!(numbers.map(|number| number.is_some()), [one, two].map(|id| count.shard_of(&id) == shard));
                if let [Some(one), Some(two)] = numbers {
                    prop_assert!(one <= two && two < shape.range);
                    let place = shape.place(two);
                    prop_assert!(place.quotient < shape.quotients_of(place.bucket) && place.bucket < shape.buckets());
                    prop_assert_eq!(((place.bucket * QUOTIENTS + place.quotient) << shape.low) + place.low, two);
                }
            }
        }
    }
}
