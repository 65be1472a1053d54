use alloc::{vec, vec::Vec};

use thiserror::Error;

/// How many bits a status takes in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusBits {
    /// `0` or `1`.
    One = 1,
    /// Up to `3`.
    Two = 2,
    /// Up to `15`.
    Four = 4,
    /// Up to `255`.
    Eight = 8,
}

/// The statuses of many tokens, each found by the index that its token carries (Token Status List, draft-ietf-oauth-status-list section 4):
/// what an issuer publishes, so that whoever verifies tokens need not ask about each.
///
/// The bytes are those of `lst` once they are inflated: zlib is the host's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusList {
    bits: StatusBits,
    bytes: Vec<u8>,
}

/// The status of a token (section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(pub u8);

/// Why there is no such list, or no such place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidStatusList {
    /// `bits` is another number than 1, 2, 4 or 8 (section 4.2).
    #[error("a status takes 1, 2, 4 or 8 bits")]
    Bits,
    /// There is no such index.
    #[error("the index is behind the end of the list")]
    OutOfBounds,
    /// The status takes more bits than the list has for it.
    #[error("the status takes more bits than the list has for one")]
    TooWide,
}

impl Status {
    /// The token is in force, as far as its list tells.
    pub const VALID: Self = Self(0);
    /// It is not, and never will be again.
    pub const INVALID: Self = Self(1);
    /// It is not for now.
    pub const SUSPENDED: Self = Self(2);
}

impl TryFrom<u64> for StatusBits {
    type Error = InvalidStatusList;

    /// The `bits` of a list.
    fn try_from(bits: u64) -> Result<Self, InvalidStatusList> {
        match bits {
            1 => Ok(Self::One),
            2 => Ok(Self::Two),
            4 => Ok(Self::Four),
            8 => Ok(Self::Eight),
            _ => Err(InvalidStatusList::Bits),
        }
    }
}

impl StatusBits {
    const fn mask(self) -> u8 {
        u8::MAX >> (8 - self as u8)
    }
}

impl StatusList {
    /// A list of these bytes.
    pub const fn new(bits: StatusBits, bytes: Vec<u8>) -> Self {
        Self { bits, bytes }
    }

    /// A list of so many tokens, each of which is [`Status::VALID`]. It may have room for a few more, since bytes have eight bits.
    pub fn of_valid(bits: StatusBits, count: usize) -> Self {
        let in_a_byte = 8 / bits as usize;
        Self::new(bits, vec![0; count.div_ceil(in_a_byte)])
    }

    /// How many bits a status takes.
    pub const fn bits(&self) -> StatusBits {
        self.bits
    }

    /// The bytes, as they are compressed.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The status at an index.
    ///
    /// # Errors
    /// [`InvalidStatusList::OutOfBounds`]: then nothing is known of the token, and it must not be accepted (section 8.3).
    pub fn get(&self, index: u64) -> Result<Status, InvalidStatusList> {
        let (byte, shift) = self.place(index)?;
        let byte = self.bytes.get(byte).ok_or(InvalidStatusList::OutOfBounds)?;
        Ok(Status(byte >> shift & self.bits.mask()))
    }

    /// Sets the status at an index.
    ///
    /// # Errors
    /// [`InvalidStatusList::OutOfBounds`] or [`InvalidStatusList::TooWide`]; nothing has changed then.
    pub fn set(&mut self, index: u64, status: Status) -> Result<(), InvalidStatusList> {
        let mask = self.bits.mask();
        if status.0 & !mask != 0 {
            return Err(InvalidStatusList::TooWide);
        }
        let (byte, shift) = self.place(index)?;
        let byte = self.bytes.get_mut(byte).ok_or(InvalidStatusList::OutOfBounds)?;
        *byte = *byte & !(mask << shift) | status.0 << shift;
        Ok(())
    }

    /// In which byte a status is, and how far from that's least significant bit: the first one is there (section 4.1).
    fn place(&self, index: u64) -> Result<(usize, u32), InvalidStatusList> {
        let bits = self.bits as u64;
        let in_a_byte = 8 / bits;
        let byte = usize::try_from(index / in_a_byte).map_err(|_| InvalidStatusList::OutOfBounds)?;
        Ok((byte, (index % in_a_byte * bits) as u32))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ALL: [StatusBits; 4] = [StatusBits::One, StatusBits::Two, StatusBits::Four, StatusBits::Eight];

    #[test]
    fn what_is_behind_the_end_is_no_status() {
        for bits in ALL {
            let mut list = StatusList::new(bits, vec![0; 2]);
            let count = 16 / bits as u64;
            assert_eq!(list.get(count - 1), Ok(Status::VALID));
            for index in [count, u64::MAX, u64::MAX / 8] {
                assert_eq!(list.get(index), Err(InvalidStatusList::OutOfBounds));
                assert_eq!(list.set(index, Status::INVALID), Err(InvalidStatusList::OutOfBounds));
            }
            assert_eq!(StatusList::of_valid(bits, count as usize).as_bytes().len(), 2);
            assert_eq!(StatusList::of_valid(bits, count as usize + 1).as_bytes().len(), 3);
        }
        assert_eq!(StatusList::new(StatusBits::One, Vec::new()).get(0), Err(InvalidStatusList::OutOfBounds));
    }

    #[test]
    fn a_status_has_as_many_bits_as_the_list_gives_it() {
        for bits in [0, 3, 16, u64::MAX] {
            assert_eq!(StatusBits::try_from(bits), Err(InvalidStatusList::Bits));
        }
        for (bits, most) in ALL.into_iter().zip([1, 3, 15, 255]) {
            let mut list = StatusList::of_valid(bits, 8);
            assert_eq!(StatusBits::try_from(bits as u64), Ok(bits));
            assert_eq!(list.set(0, Status(most)), Ok(()));
            if let Some(more) = most.checked_add(1) {
                assert_eq!(list.set(1, Status(more)), Err(InvalidStatusList::TooWide));
            }
            assert_eq!((list.get(0), list.get(1)), (Ok(Status(most)), Ok(Status::VALID)));
        }
    }

    proptest! {
        /// Whatever is set in whatever order, each place has what was last set there, and no other place is touched.
        #[test]
        fn each_has_a_place_of_its_own(bits in 0..4_usize, sets in prop::collection::vec((0..64_u64, any::<u8>()), 0..200)) {
            let bits = ALL[bits];
            let mut list = StatusList::of_valid(bits, 64);
            let mut model = [0_u8; 64];
            for (index, status) in sets {
                let status = status & bits.mask();
                list.set(index, Status(status)).unwrap();
                model[index as usize] = status;
            }
            for (index, status) in model.into_iter().enumerate() {
                prop_assert_eq!(list.get(index as u64), Ok(Status(status)));
            }
        }
    }
}
