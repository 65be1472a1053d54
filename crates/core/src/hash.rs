//! SHA-256, SHA-384 and SHA-512 (FIPS 180-4). What is done with a block is sha2's; how a message is cut into blocks (section 5)
//! is ours, since a message is always here as a whole: nothing has to be kept between two parts of it.

use sha2::block_api::{compress256, compress512};

/// A hash so far: the state between two blocks.
pub(crate) trait Hash<const BLOCK: usize>: Copy {
    fn compress(&mut self, blocks: &[[u8; BLOCK]]);

    /// Its bytes, and zeros.
    fn bytes(self) -> [u8; MAX_BYTES];
}

/// The most bytes that a hash has.
pub(crate) const MAX_BYTES: usize = 64;

pub(crate) type Sha256 = [u32; 8];

/// Of SHA-384 too, which begins with other numbers and leaves out the last 16 bytes.
pub(crate) type Sha512 = [u64; 8];

impl Hash<64> for Sha256 {
    fn compress(&mut self, blocks: &[[u8; 64]]) {
        compress256(self, blocks);
    }

    fn bytes(self) -> [u8; MAX_BYTES] {
        let mut bytes = [0; MAX_BYTES];
        bytes.as_chunks_mut().0.iter_mut().zip(self).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
        bytes
    }
}

impl Hash<128> for Sha512 {
    fn compress(&mut self, blocks: &[[u8; 128]]) {
        compress512(self, blocks);
    }

    fn bytes(self) -> [u8; MAX_BYTES] {
        let mut bytes = [0; MAX_BYTES];
        bytes.as_chunks_mut().0.iter_mut().zip(self).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
        bytes
    }
}

/// The hash of a message in parts, that stands behind `whole` blocks which are hashed already.
#[inline(never)]
pub(crate) fn finish<const BLOCK: usize, H: Hash<BLOCK>>(mut hash: H, whole: usize, message: &[&[u8]]) -> H {
    let (mut block, mut filled) = ([0; BLOCK], 0);
    for part in message {
        let (first, rest) = part.split_at(part.len().min((BLOCK - filled) % BLOCK));
        block[filled..filled + first.len()].copy_from_slice(first);
        filled += first.len();
        if filled == BLOCK {
            hash.compress(&[block]);
            filled = 0;
        }
        if !rest.is_empty() {
            // Nothing waits for these any more, so they need not be copied.
            let (blocks, rest) = rest.as_chunks();
            hash.compress(blocks);
            block[..rest.len()].copy_from_slice(rest);
            filled = rest.len();
        }
    }
    block[filled] = 0x80;
    block[filled + 1..].fill(0);
    // The length takes two words, of which the first is zero: a token is short.
    if filled + 1 + BLOCK / 8 > BLOCK {
        hash.compress(&[block]);
        block.fill(0);
    }
    let length = whole * BLOCK + message.iter().map(|part| part.len()).sum::<usize>();
    block[BLOCK - 8..].copy_from_slice(&(8 * length as u64).to_be_bytes());
    hash.compress(&[block]);
    hash
}

/// The SHA-256 of a message.
pub(crate) fn sha256(message: &[u8]) -> [u8; 32] {
    let bytes = finish(SHA256, 0, &[message]).bytes();
    bytes.first_chunk().copied().unwrap_or_default()
}

/// What a hash begins with (FIPS 180-4 section 5.3).
pub(crate) const SHA256: Sha256 =
    [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
pub(crate) const SHA384: Sha512 = [
    0xcbbb9d5dc1059ed8,
    0x629a292a367cd507,
    0x9159015a3070dd17,
    0x152fecd8f70e5939,
    0x67332667ffc00b31,
    0x8eb44a8768581511,
    0xdb0c2e0d64f98fa7,
    0x47b5481dbefa4fa4,
];
pub(crate) const SHA512: Sha512 = [
    0x6a09e667f3bcc908,
    0xbb67ae8584caa73b,
    0x3c6ef372fe94f82b,
    0xa54ff53a5f1d36f1,
    0x510e527fade682d1,
    0x9b05688c2b3e6c1f,
    0x1f83d9abfb41bd6b,
    0x5be0cd19137e2179,
];

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::{collection::vec, prelude::*};
    use sha2::Digest;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2048))]

        #[test]
        fn is_what_sha2_hashes_to(parts in vec(vec(any::<u8>(), 0..150), 0..5)) {
            let message: Vec<_> = parts.iter().map(Vec::as_slice).collect();
            let whole = message.concat();
            prop_assert_eq!(&sha256(&whole)[..], &sha2::Sha256::digest(&whole)[..]);
            prop_assert_eq!(&finish(SHA256, 0, &message).bytes()[..32], &sha2::Sha256::digest(&whole)[..]);
            prop_assert_eq!(&finish(SHA384, 0, &message).bytes()[..48], &sha2::Sha384::digest(&whole)[..]);
            prop_assert_eq!(&finish(SHA512, 0, &message).bytes()[..64], &sha2::Sha512::digest(&whole)[..]);
        }
    }
}
