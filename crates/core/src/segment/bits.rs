//! Bits in bytes, the lowest one first.

use alloc::vec::Vec;

/// Appends bits to bytes.
pub(super) struct Writer {
    bytes: Vec<u8>,
    /// What does not fill a byte yet.
    pending: u64,
    length: u32,
}

impl Writer {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self { bytes, pending: 0, length: 0 }
    }

    /// Appends the lowest `count` bits of a number that has no others: 57 at most, with the seven that wait.
    pub(super) fn put(&mut self, number: u64, count: u32) {
        self.pending |= number << self.length;
        self.length += count;
        while self.length >= 8 {
            self.bytes.push(self.pending as u8);
            self.pending >>= 8;
            self.length -= 8;
        }
    }

    pub(super) fn put_zeros(&mut self, mut count: u64) {
        while count > 0 {
            let some = count.min(32);
            self.put(0, some as u32);
            count -= some;
        }
    }

    /// All that was written, the last byte filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.length > 0 {
            self.bytes.push(self.pending as u8);
        }
        self.bytes
    }
}

/// The 57 bits or more from this one on; `None` too near to the end for eight bytes.
pub(super) fn bits(bytes: &[u8], at: u64) -> Option<u64> {
    Some(word(bytes, at / 8)? >> (at % 8))
}

/// The eight bytes from this one on.
pub(super) fn word(bytes: &[u8], at: u64) -> Option<u64> {
    let bytes = bytes.get(usize::try_from(at).ok()?..)?.first_chunk()?;
    Some(u64::from_le_bytes(*bytes))
}

/// Which bit of `word` is its `n`th one, counted from 0. It has to have as many.
pub(super) fn select(mut word: u64, mut n: u32) -> u32 {
    let mut at = 0;
    for width in [32, 16, 8, 4, 2, 1] {
        let ones = (word & ((1 << width) - 1)).count_ones();
        if n >= ones {
            n -= ones;
            word >>= width;
            at += width;
        }
    }
    at
}

#[cfg(test)]
mod tests {
    use std::vec;

    use proptest::{collection, prelude::*};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(numbers in collection::vec((any::<u64>(), 1..=57u32), 0..40), zeros in 0..200u64) {
            let numbers: Vec<_> = numbers.iter().map(|(number, count)| (number & ((1 << count) - 1), *count)).collect();
            let mut writer = Writer::new(vec![7]);
            writer.put_zeros(zeros);
            numbers.iter().for_each(|(number, count)| writer.put(*number, *count));
            let length = zeros + numbers.iter().map(|(_, count)| u64::from(*count)).sum::<u64>();
            let mut bytes = writer.finish();
            prop_assert_eq!((bytes[0], bytes.len() as u64), (7, 1 + length.div_ceil(8)));
            bytes.extend([0; 7]);
            let mut at = 8 + zeros;
            for (number, count) in numbers {
                prop_assert_eq!(bits(&bytes, at).unwrap() & ((1 << count) - 1), number);
                at += u64::from(count);
            }
            prop_assert_eq!(bits(&bytes, bytes.len() as u64 * 8 - 56), None);
        }

        #[test]
        fn each_one_is_found(word: u64) {
            let ones = (0..64).filter(|bit| word >> bit & 1 == 1);
            for (n, bit) in ones.enumerate() {
                prop_assert_eq!(select(word, n as u32), bit);
            }
        }
    }
}
