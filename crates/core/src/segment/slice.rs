use crate::RevocationId;

/// A sixty-fourth of all ids, by their first six bits. Ids are as good as random, so each has about as many.
///
/// So what is published of a shard comes in pieces of some hundred kilobytes, each of which is loaded, checked and replaced by
/// itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Slice(u8);

/// The bits that tell the slice.
const BITS: u32 = 6;

impl Slice {
    /// How many there are.
    pub const COUNT: u8 = 1 << BITS;

    /// The slice with this number; `None` from 64 on.
    pub const fn new(number: u8) -> Option<Self> {
        if number < Self::COUNT { Some(Self(number)) } else { None }
    }

    /// Its number, from 0.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// The slice that has `id`.
    pub const fn of(id: &RevocationId) -> Self {
        Self(id.as_bytes()[0] >> (u8::BITS - BITS))
    }
}

/// How far into its slice an id lies that begins with these 64 bits, as a fraction of 2⁶⁴.
pub(super) const fn into_slice(first: u64) -> u64 {
    first << BITS
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_first_six_bits_tell_the_slice() {
        for byte in 0..=255 {
            let slice = Slice::of(&RevocationId::from_bytes([byte; 16]));
            assert_eq!((slice.get(), Slice::new(slice.get())), (byte / 4, Some(slice)));
        }
        assert_eq!(Slice::new(Slice::COUNT), None);
    }
}
