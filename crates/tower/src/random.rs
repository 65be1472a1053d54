use ring::{
    error::Unspecified,
    rand::{SecureRandom, SystemRandom},
};

/// A number drawn at random.
pub(crate) fn number() -> Result<u64, Unspecified> {
    let mut bytes = [0; 8];
    SystemRandom::new().fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes))
}
