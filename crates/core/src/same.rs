/// Whether two texts are the same. In wasm `==` compares one byte after the other; this goes by sixteen.
///
/// It is for long texts that mostly are the same. It is not for secrets: its time tells their lengths.
pub fn is_same(one: &str, other: &str) -> bool {
    let ((blocks, end), (other_blocks, other_end)) =
        (one.as_bytes().as_chunks::<16>(), other.as_bytes().as_chunks::<16>());
    let differences = |(a, b): (&[u8; 16], &[u8; 16])| u128::from_le_bytes(*a) ^ u128::from_le_bytes(*b);
    let all = blocks.iter().zip(other_blocks).map(differences).fold(0, |all, differences| all | differences);
    one.len() == other.len() && all == 0 && end == other_end
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_what_the_operator_says(one in "[ab]{0,2}.{0,40}", other in "[ab]{0,2}.{0,40}", at in any::<prop::sample::Index>()) {
            prop_assert!(is_same(&one, &one.clone()));
            prop_assert_eq!(is_same(&one, &other), one == other);
            let mut changed: std::vec::Vec<_> = one.chars().collect();
            if !changed.is_empty() {
                *at.get_mut(&mut changed) = 'x';
            }
            let changed: std::string::String = changed.into_iter().collect();
            prop_assert_eq!(is_same(&one, &changed), one == changed);
        }
    }
}
