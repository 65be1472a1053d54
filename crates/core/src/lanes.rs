//! HMAC-SHA256 of four short messages at once, in the lanes of WebAssembly's SIMD (WebAssembly 2.0 section 4.3.3).
//!
//! A token has about four ids of its own, and in wasm one after another they would cost as much as all the rest of a request.
//! Elsewhere there is no need for this: processors have instructions for SHA-256, and `sha2` uses them.

use core::arch::wasm32::{
    i8x16_shuffle, i32x4_add as add, i32x4_shuffle, i64x2_shuffle, u32x4_shl, u32x4_shr, u32x4_splat as splat, u64x2,
    u64x2_extract_lane, v128, v128_and, v128_andnot, v128_or, v128_xor,
};

use crate::{Namespace, RevocationId, Target, mac::HmacSha256};

/// The messages that go at once.
const LANES: usize = 4;

const BLOCK: usize = 64;

/// The longest message that fits one block with its end mark and its length (FIPS 180-4 section 5.1.1).
const MAX_MESSAGE: usize = BLOCK - 1 - 8;

impl Namespace {
    /// The ids of several targets, in their order, each with what came with the target; four at a time, all but those that are
    /// longer than a block.
    pub(crate) fn for_each_id<T>(&self, targets: &[(T, Target<'_>)], mut each: impl FnMut(&T, RevocationId)) {
        for targets in targets.chunks(LANES) {
            let mut messages = [Message::EMPTY; LANES];
            let mut fits = [true; LANES];
            for ((message, fits), (_, target)) in messages.iter_mut().zip(&mut fits).zip(targets) {
                target.encode(|part| *fits &= message.add(part).is_some());
            }
            let macs = macs(&self.0, &mut messages);
            for (((tag, target), mac), fits) in targets.iter().zip(macs).zip(fits) {
                each(tag, if fits { RevocationId::new(target.kind(), mac) } else { self.id(target) });
            }
        }
    }
}

/// A message in its one block.
#[derive(Clone, Copy)]
struct Message {
    block: [u8; BLOCK],
    length: usize,
}

impl Message {
    const EMPTY: Self = Self { block: [0; BLOCK], length: 0 };

    /// Adds `part`; `None` when it does not fit.
    fn add(&mut self, part: &[u8]) -> Option<()> {
        let end = self.length + part.len();
        if end > MAX_MESSAGE {
            return None;
        }
        self.block[self.length..end].copy_from_slice(part);
        self.length = end;
        Some(())
    }

    /// Puts the end mark and the length in bits of what is hashed, the key's block and the message, where they belong.
    fn pad(&mut self) {
        self.block[self.length] = 0x80;
        let bits = (BLOCK + self.length) as u64 * 8;
        self.block[BLOCK - 8..].copy_from_slice(&bits.to_be_bytes());
    }

    /// Four words of the block, from the `at`th on.
    fn words(&self, at: usize) -> v128 {
        let half = |at: usize| self.block[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
        let bytes = u64x2(half(4 * at), half(4 * at + 8));
        // SHA-256's words are big-endian.
        i8x16_shuffle::<3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12>(bytes, bytes)
    }
}

/// The first 16 bytes of each message's MAC.
fn macs(hmac: &HmacSha256, messages: &mut [Message; LANES]) -> [[u8; 16]; LANES] {
    messages.iter_mut().for_each(Message::pad);
    let mut words = [splat(0); 16];
    for at in [0, 4, 8, 12] {
        let rows = [0, 1, 2, 3].map(|lane| messages[lane].words(at));
        words[at..at + 4].copy_from_slice(&transpose(rows));
    }
    let inner = compress(hmac.inner.map(|word| splat(word)), words);
    // The inner hash is the outer message: 32 bytes behind the key's block.
    let mut words = [splat(0); 16];
    words[..8].copy_from_slice(&inner);
    words[8] = splat(1 << 31);
    words[15] = splat((BLOCK as u32 + 32) * 8);
    let outer = compress(hmac.outer.map(|word| splat(word)), words);
    transpose([outer[0], outer[1], outer[2], outer[3]]).map(|words| {
        let bytes = i8x16_shuffle::<3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12>(words, words);
        let (low, high) = (u64x2_extract_lane::<0>(bytes), u64x2_extract_lane::<1>(bytes));
        ((u128::from(high) << 64) | u128::from(low)).to_le_bytes()
    })
}

/// Columns for rows: of four messages the first words, then the second ones, and so on; or back.
fn transpose([a, b, c, d]: [v128; 4]) -> [v128; 4] {
    let (ab_low, ab_high) = (i32x4_shuffle::<0, 4, 1, 5>(a, b), i32x4_shuffle::<2, 6, 3, 7>(a, b));
    let (cd_low, cd_high) = (i32x4_shuffle::<0, 4, 1, 5>(c, d), i32x4_shuffle::<2, 6, 3, 7>(c, d));
    [
        i64x2_shuffle::<0, 2>(ab_low, cd_low),
        i64x2_shuffle::<1, 3>(ab_low, cd_low),
        i64x2_shuffle::<0, 2>(ab_high, cd_high),
        i64x2_shuffle::<1, 3>(ab_high, cd_high),
    ]
}

/// SHA-256's compression of one block in each lane (FIPS 180-4 section 6.2.2).
fn compress(state: [v128; 8], mut words: [v128; 16]) -> [v128; 8] {
    let [mut a, mut b, mut c, mut d, mut e, mut f, mut g, mut h] = state;
    for (round, k) in ROUNDS.iter().enumerate() {
        let at = round % 16;
        if round >= 16 {
            let (w15, w2) = (words[(at + 1) % 16], words[(at + 14) % 16]);
            let s0 = v128_xor(v128_xor(rotate::<7>(w15), rotate::<18>(w15)), u32x4_shr(w15, 3));
            let s1 = v128_xor(v128_xor(rotate::<17>(w2), rotate::<19>(w2)), u32x4_shr(w2, 10));
            words[at] = add(add(words[at], s0), add(words[(at + 9) % 16], s1));
        }
        let s1 = v128_xor(v128_xor(rotate::<6>(e), rotate::<11>(e)), rotate::<25>(e));
        let choice = v128_xor(v128_and(e, f), v128_andnot(g, e));
        let t1 = add(add(add(h, s1), add(choice, splat(*k))), words[at]);
        let s0 = v128_xor(v128_xor(rotate::<2>(a), rotate::<13>(a)), rotate::<22>(a));
        let majority = v128_or(v128_and(a, b), v128_and(c, v128_or(a, b)));
        (h, g, f, e) = (g, f, e, add(d, t1));
        (d, c, b, a) = (c, b, a, add(t1, add(s0, majority)));
    }
    let end = [a, b, c, d, e, f, g, h];
    core::array::from_fn(|at| add(state[at], end[at]))
}

fn rotate<const BITS: u32>(x: v128) -> v128 {
    v128_or(u32x4_shr(x, BITS), u32x4_shl(x, 32 - BITS))
}

/// FIPS 180-4 section 4.2.2.
#[rustfmt::skip]
const ROUNDS: [u32; 64] = [
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit, Mac};
    use proptest::{collection::vec, prelude::*};
    use sha2::Sha256;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn message(bytes: &[u8]) -> Option<Message> {
        let mut message = Message::EMPTY;
        bytes.chunks(7).try_for_each(|part| message.add(part))?;
        Some(message)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn each_lane_is_hmac(key: [u8; 32], messages in vec(vec(any::<u8>(), 0..=MAX_MESSAGE), LANES)) {
            let mut blocks = core::array::from_fn(|lane| message(&messages[lane]).unwrap());
            for (mac, message) in macs(&HmacSha256::under(&key), &mut blocks).iter().zip(&messages) {
                let expected = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(message).finalize();
                prop_assert_eq!(mac, &expected.into_bytes()[..16]);
            }
        }
    }

    #[test]
    fn a_message_of_more_than_a_block_does_not_fit() {
        assert!(message(&[0; MAX_MESSAGE]).is_some());
        assert!(message(&[0; MAX_MESSAGE + 1]).is_none());
    }
}
