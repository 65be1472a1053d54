//! The stored form of a revocation: when it expires, in milliseconds since the epoch, and its [entry](quash_core). Changing it needs
//! a migration of every denylist there is.

use quash_core::{Revocation, RevocationId};

use super::StoreError;

pub(super) fn write(revocation: &Revocation) -> String {
    format!("{} {}", revocation.expires_at.as_millis(), revocation.to_entry())
}

/// What a row that cannot be read would have revoked, nobody knows.
pub(super) fn read(id: RevocationId, text: &str) -> Result<Revocation, StoreError> {
    let entry = text.split_once(' ').map(|(_, entry)| entry);
    let revocation = entry.and_then(|entry| Revocation::from_entry(id, entry).ok());
    revocation.ok_or_else(|| StoreError::Incomplete(format!("the row of {id} cannot be read")))
}

#[cfg(test)]
mod tests {
    use quash_core::{Cover, Cutoff, Reason, Timestamp};

    use super::*;

    #[test]
    fn the_stored_form_is_pinned() {
        let revocation = Revocation {
            id: RevocationId::from_bytes([0xab; 16]),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: Timestamp::from_millis(1_763_940_060_000),
            revoked_at: Timestamp::from_millis(1_763_936_400_123),
            reason: Reason::Logout,
        };
        let text = "1763940060000 1 always - 1763940060000 1763936400123 logout";
        assert_eq!(write(&revocation), text);
        assert_eq!(read(revocation.id, text).ok(), Some(revocation));
        for wrong in ["", "1763940060000", "1763940060000 2 always"] {
            assert!(read(revocation.id, wrong).is_err(), "{wrong}");
        }
    }
}
