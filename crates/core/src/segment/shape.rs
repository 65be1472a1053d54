use super::slice::into_slice;

/// How many quotients a bucket has, and about as many entries: the index then takes an eighth of a bit for each.
const QUOTIENTS: u64 = 256;

/// The number, below `range`, that an id is cut down to which begins with these 64 bits. The order of numbers is that of the ids of
/// a slice.
pub(super) fn number(first: u64, range: u64) -> u64 {
    high_product(into_slice(first), range)
}

/// How a table keeps numbers, and where their bits are.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    quotients: u64,
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
    /// Of so many numbers below `range`: one at least, and no more than that.
    pub(super) fn new(range: u64, count: u32) -> Self {
        // With one more, an entry would cost a bit more, and at least a half of what its share of the zeros is, two at most,
        // would be spared.
        let low = (range / u64::from(count)).ilog2();
        Self { quotients: ((range - 1) >> low) + 1, low }
    }

    pub(super) fn place(&self, number: u64) -> Place {
        let quotient = number >> self.low;
        let low = number & ((1 << self.low) - 1);
        Place { bucket: quotient / QUOTIENTS, quotient: quotient % QUOTIENTS, low }
    }

    pub(super) fn buckets(&self) -> u64 {
        self.quotients.div_ceil(QUOTIENTS)
    }

    /// Of so many entries, before which there are `before`.
    pub(super) fn bucket(&self, bucket: u64, before: u64, entries: u64) -> Bucket {
        let start = before * self.bits_per_entry() + bucket * QUOTIENTS;
        Bucket { start, lows: start + entries + self.quotients_of(bucket) }
    }

    /// The last bucket has fewer than the others.
    pub(super) fn quotients_of(&self, bucket: u64) -> u64 {
        self.quotients.saturating_sub(bucket * QUOTIENTS).min(QUOTIENTS)
    }

    /// The length of the index.
    pub(super) fn index_bytes(&self) -> u64 {
        (self.buckets() + 1) * 4
    }

    /// The length of all buckets with so many entries.
    pub(super) fn bucket_bytes(&self, count: u32) -> u64 {
        (u64::from(count) * self.bits_per_entry() + self.quotients).div_ceil(8)
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
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::segment::MAX_IDS;

    fn bits_per_entry(all: u32, count: u32) -> f64 {
        let shape = Shape::new(u64::from(all) * 4096, count);
        (shape.index_bytes() + shape.bucket_bytes(count)) as f64 * 8. / f64::from(count)
    }

    #[test]
    fn an_entry_takes_fourteen_bits_and_as_many_as_its_kind_is_rare() {
        for (count, bits) in [(1_000, 14.2), (10_000, 14.14), (156_250, 14.13), (1_000_000, 14.13)] {
            assert!(bits_per_entry(count, count) <= bits, "{} for {count}", bits_per_entry(count, count));
        }
        for part in (1..1_000).map(|permille| permille * 1_000) {
            let surprise = (1_000_000. / f64::from(part)).log2();
            let bits = bits_per_entry(1_000_000, part) - surprise;
            assert!((14. ..=14.3).contains(&bits), "{bits} for {part}");
        }
    }

    #[test]
    fn nothing_overflows() {
        let most = MAX_IDS as u64;
        for (range, count) in [(most << 32, 1), (most << 32, most as u32), (most, most as u32), (1, 1), (1 << 32, 1)] {
            let shape = Shape::new(range, count);
            let last = shape.place(number(u64::MAX, range));
            assert_eq!((last.bucket + 1, last.quotient + 1), (shape.buckets(), shape.quotients_of(last.bucket)));
            assert_eq!(shape.quotients_of(shape.buckets()), 0);
            // What `bits` reads at a time.
            assert!(shape.low <= 57);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4096))]

        #[test]
        fn the_upper_half_is_that_of_128_bits(a: u64, b: u64) {
            prop_assert_eq!(high_product(a, b), ((u128::from(a) * u128::from(b)) >> 64) as u64);
        }

        /// The numbers of a slice are in the order of its ids, from its start to its end.
        #[test]
        fn numbers_have_the_order_of_ids(
            all in 1..=MAX_IDS as u32, part: u32, one_in in 1..=u32::MAX, slice in 0..64u64, near: u64, one: u64, two: u64, far in 0..64u32,
        ) {
            let range = u64::from(all) * u64::from(one_in);
            let shape = Shape::new(range, part % all + 1);
            for base in [near, 0, u64::MAX] {
                let [one, two] = [one, two].map(|offset| slice << 58 | base.wrapping_add(offset >> far) >> 6);
                let [lower, upper] = [one.min(two), one.max(two)].map(|first| number(first, range));
                prop_assert!(lower <= upper && upper < range);
                let place = shape.place(upper);
                prop_assert!(place.quotient < shape.quotients_of(place.bucket) && place.bucket < shape.buckets());
                prop_assert_eq!(((place.bucket * QUOTIENTS + place.quotient) << shape.low) + place.low, upper);
            }
        }
    }
}
