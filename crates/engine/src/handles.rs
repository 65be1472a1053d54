//! Revocation handles as they travel: one text for several.

use quash_core::{InvalidHandle, Peppers, RevocationHandle};

/// Between the handles of a list, which has one for each four tokens and their sessions. No handle has such a letter.
const SEPARATOR: &str = ".";

/// One text of these handles.
pub fn seal_handles(handles: &[RevocationHandle], peppers: &Peppers) -> String {
    let sealed: Vec<String> = handles.iter().map(|handle| handle.seal(peppers)).collect();
    sealed.join(SEPARATOR)
}

/// Opens what [`seal_handles`] gave out: every handle of the list or none, so that no more is done for a forger than to find the
/// first that is forged.
///
/// # Errors
/// [`InvalidHandle`].
pub fn open_handles(text: &str, peppers: &Peppers) -> Result<Vec<RevocationHandle>, InvalidHandle> {
    text.split(SEPARATOR).map(|handle| RevocationHandle::open(handle, peppers)).collect()
}
