use alloc::{string::String, vec::Vec};

use crate::Malformed;

/// Decodes canonical base64url without padding (RFC 7515 section 2): each text has one spelling.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, Malformed> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 16);
    let rest = decode_blocks(text.as_bytes(), &mut bytes)?;
    for letters in rest.chunks(4) {
        decode_letters(letters, &mut bytes).ok_or(Malformed::Base64Url)?;
    }
    Ok(bytes)
}

/// Decodes canonical base64 with padding (RFC 4648 section 4): what a PEM has between its lines. `None` when the text is none.
pub fn decode_base64(text: &str) -> Option<Vec<u8>> {
    let letters = text.strip_suffix("==").or(text.strip_suffix('=')).unwrap_or(text);
    let letter = |letter| match letter {
        '+' => '-',
        '/' => '_',
        '-' | '_' => '=',
        letter => letter,
    };
    let letters: String = letters.chars().map(letter).collect();
    decode(&letters).ok().filter(|_| text.len().is_multiple_of(4))
}

/// Decodes four letters, or fewer at the end.
fn decode_letters(letters: &[u8], bytes: &mut Vec<u8>) -> Option<()> {
    let mut bits = 0_u32;
    for letter in letters {
        let sextet = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(sextet);
    }
    // The spare ones are zero, or there would be another spelling.
    let (whole, spare) = (letters.len() * 6 / 8, letters.len() * 6 % 8);
    if whole == 0 || bits & ((1 << spare) - 1) != 0 {
        return None;
    }
    bytes.extend_from_slice((bits >> spare).to_be_bytes().get(4 - whole..)?);
    Some(())
}

/// Decodes as many letters as can go at once, and gives back the rest.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
fn decode_blocks<'t>(text: &'t [u8], _: &mut Vec<u8>) -> Result<&'t [u8], Malformed> {
    Ok(text)
}

/// Decodes sixteen letters at a time, and gives back the rest: in wasm one by one, they would cost as much as to read the JSON that
/// they encode.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn decode_blocks<'t>(text: &'t [u8], bytes: &mut Vec<u8>) -> Result<&'t [u8], Malformed> {
    let (blocks, rest) = text.as_chunks::<16>();
    bytes.resize(blocks.len() * 12, 0);
    for (block, bytes) in blocks.iter().zip(bytes.as_chunks_mut::<12>().0) {
        let (low, high) = block_of(block).ok_or(Malformed::Base64Url)?;
        bytes[..8].copy_from_slice(&low.to_le_bytes());
        bytes[8..].copy_from_slice(&(high as u32).to_le_bytes());
    }
    Ok(rest)
}

/// The twelve bytes that sixteen letters stand for: eight and four.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
#[inline]
fn block_of(block: &[u8; 16]) -> Option<(u64, u64)> {
    use core::arch::wasm32::{
        i8x16_shuffle, u8x16_add, u8x16_all_true, u8x16_eq, u8x16_lt, u8x16_splat, u8x16_sub, u16x8_shl, u16x8_shr,
        u16x8_splat, u32x4_shl, u32x4_shr, u32x4_splat, u64x2, u64x2_extract_lane, v128_and, v128_or,
    };

    let half = |at: usize| block[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let letters = u64x2(half(0), half(8));
    // The letters of a range, each as what it stands for; and where they are.
    let range = |first: u8, count: u8, value: u8| {
        let offsets = u8x16_sub(letters, u8x16_splat(first));
        let is_in = u8x16_lt(offsets, u8x16_splat(count));
        (v128_and(is_in, u8x16_add(offsets, u8x16_splat(value))), is_in)
    };
    let single = |letter: u8, value: u8| {
        let is = u8x16_eq(letters, u8x16_splat(letter));
        (v128_and(is, u8x16_splat(value)), is)
    };
    let both = |(a, in_a), (b, in_b)| (v128_or(a, b), v128_or(in_a, in_b));
    let (sextets, known) = both(
        both(both(range(b'A', 26, 0), range(b'a', 26, 26)), range(b'0', 10, 52)),
        both(single(b'-', 62), single(b'_', 63)),
    );
    if !u8x16_all_true(known) {
        return None;
    }
    // Two sextets to twelve bits, two of these to twenty-four, whose bytes are the wrong way round.
    let pairs = v128_or(u16x8_shl(v128_and(sextets, u16x8_splat(0xff)), 6), u16x8_shr(sextets, 8));
    let quads = v128_or(u32x4_shl(v128_and(pairs, u32x4_splat(0xffff)), 12), u32x4_shr(pairs, 16));
    let bytes = i8x16_shuffle::<2, 1, 0, 6, 5, 4, 10, 9, 8, 14, 13, 12, 3, 3, 3, 3>(quads, quads);
    Some((u64x2_extract_lane::<0>(bytes), u64x2_extract_lane::<1>(bytes)))
}

#[cfg(test)]
mod tests {
    use std::{string::String, vec::Vec};

    use base64::{
        Engine,
        prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
    };
    use proptest::prelude::*;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn every_letter_and_no_other_is_known_wherever_it_stands() {
        for at in 0..16 {
            for byte in 0..=127_u8 {
                let mut text: Vec<u8> = b"ABCDEFGHIJKLMNOPAAAA".into();
                text[at] = byte;
                let text = String::from_utf8(text).unwrap();
                assert_eq!(decode(&text).ok(), BASE64_URL_SAFE_NO_PAD.decode(&text).ok(), "{text:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn decodes_what_a_pem_has(bytes in prop::collection::vec(any::<u8>(), 0..120), text in "[A-Za-z0-9+/]{0,9}[-_=A+]{0,4}") {
            prop_assert_eq!(decode_base64(&BASE64_STANDARD.encode(&bytes)), Some(bytes));
            prop_assert_eq!(decode_base64(&text), BASE64_STANDARD.decode(&text).ok());
        }

        #[test]
        fn decodes_what_was_encoded(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            prop_assert_eq!(decode(&BASE64_URL_SAFE_NO_PAD.encode(&bytes)), Ok(bytes));
        }

        #[test]
        fn takes_what_the_base64_crate_takes(text in "[A-Za-z0-9_-]{0,40}[-+/=A-Q_ é.]{0,3}[A-Za-z0-9]{0,20}") {
            prop_assert_eq!(decode(&text).ok(), BASE64_URL_SAFE_NO_PAD.decode(&text).ok());
        }
    }
}
