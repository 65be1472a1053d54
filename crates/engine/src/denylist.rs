//! How entries are named in every store, and how they travel.

use std::time::Duration;

use quash_core::{Revocation, RevocationId};

/// Every key of the denylist starts with this: the kind of the entry, and the version of its key.
const PREFIX: &str = "r1/";

/// Where the data centre's cache has what is ours: before the entry's key. `.invalid` never resolves (RFC 2606 section 2), so this
/// can be no page of anybody's.
pub const NEARBY: &str = "https://quash.invalid/";

/// How long Workers KV may take for one operation. It answers in milliseconds, or something is wrong and the caller should be
/// told while it still listens.
pub const STORE_TIMEOUT: Duration = Duration::from_secs(3);

/// The key of an entry in every store: always 35 characters, whatever the token said. Workers KV throws above 512 bytes.
///
/// Changing it needs a migration of every denylist there is.
pub fn denylist_key(id: RevocationId) -> String {
    format!("{PREFIX}{id}")
}

/// The id of an entry with this key.
pub fn read_key(key: &str) -> Option<RevocationId> {
    key.strip_prefix(PREFIX)?.parse().ok()
}

/// Entries as text, for a host that has them as texts: `KEY ENTRY` on each line.
pub fn to_lines<'r>(revocations: impl IntoIterator<Item = &'r Revocation>) -> String {
    let line = |revocation: &Revocation| format!("{} {}\n", denylist_key(revocation.id), revocation.to_entry());
    revocations.into_iter().map(line).collect()
}

/// One revocation for each id, of what may have several: Workers KV takes one write a second for each key.
pub fn merged(mut revocations: Vec<Revocation>) -> Vec<Revocation> {
    revocations.sort_unstable_by_key(|revocation| revocation.id);
    revocations.dedup_by(|later, earlier| {
        let same = later.id == earlier.id;
        if same {
            *earlier = earlier.merge(*later);
        }
        same
    });
    revocations
}

/// Reads what [`to_lines`] writes. What a line that cannot be read would have revoked is unknown: it is told with the rest, and
/// must be taken for an outage.
pub fn from_lines(lines: &str) -> (Vec<Revocation>, Option<String>) {
    let (mut revocations, mut problem) = (Vec::new(), None);
    for line in lines.lines() {
        match from_line(line) {
            Some(revocation) => revocations.push(revocation),
            None => problem = Some(format!("cannot be read: {line}")),
        }
    }
    (revocations, problem)
}

fn from_line(line: &str) -> Option<Revocation> {
    let (key, entry) = line.split_once(' ')?;
    Revocation::from_entry(read_key(key)?, entry).ok()
}

#[cfg(test)]
mod tests {
    use quash_core::{Cover, Cutoff, Reason, Timestamp};

    use super::*;

    #[test]
    fn the_key_is_pinned() {
        let (id, key) = (RevocationId::from_bytes([0xab; 16]), "r1/abababababababababababababababab");
        assert_eq!((denylist_key(id).as_str(), read_key(key)), (key, Some(id)));
    }

    #[test]
    fn lines_come_back_and_what_is_none_is_told() {
        let revocation = |byte| Revocation {
            id: RevocationId::from_bytes([byte; 16]),
            cover: Cover::everyone(Cutoff::Always),
            expires_at: Timestamp::from_secs(2),
            revoked_at: Timestamp::from_secs(1),
            reason: Reason::Logout,
        };
        let lines = to_lines(&[revocation(1), revocation(2)]);
        assert_eq!(from_lines(&lines), (vec![revocation(1), revocation(2)], None));
        for wrong in ["r1/x 1", "r1/01010101010101010101010101010101 9 always - 1 1 logout", "r2/", ""] {
            let (found, problem) = from_lines(&format!("{lines}{wrong}\n"));
            assert_eq!((found.len(), problem), (2, Some(format!("cannot be read: {wrong}"))));
        }
    }
}
