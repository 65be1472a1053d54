use quash_core::RevocationId;

/// Every key of the denylist starts with this: the kind of the entry, and the version of its key.
const PREFIX: &str = "r1/";

/// The key of an entry: always 35 characters, whatever the token said. Workers KV throws above 512 bytes.
///
/// Changing it needs a migration of every denylist there is.
pub(super) fn key(id: RevocationId) -> String {
    format!("{PREFIX}{id}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_pinned() {
        assert_eq!(key(RevocationId::from_bytes([0xab; 16])), "r1/abababababababababababababababab");
    }
}
