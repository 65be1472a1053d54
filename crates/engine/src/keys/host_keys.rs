use quash_core::{Algorithm, HostKey};

use super::PublicKey;

/// The public keys that the host verifies with. A host imports each when it is first needed, and then keeps it: an import costs
/// more than a verification. A number is never given to another key.
#[derive(Debug, Default)]
pub(crate) struct HostKeys {
    last: u32,
    filed: Vec<(HostKey, Filed)>,
}

/// A key for a host to import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filed {
    /// What it is for.
    pub algorithm: Algorithm,
    /// The key.
    pub key: PublicKey,
    /// Where it came from, for an operator: a field of the configuration, or an address.
    pub origin: String,
}

impl HostKeys {
    /// The key with this number; `None` when it has been withdrawn.
    pub(crate) fn get(&self, number: HostKey) -> Option<&Filed> {
        self.filed.iter().find(|(filed, _)| *filed == number).map(|(_, key)| key)
    }

    pub(crate) fn file(&mut self, filed: Filed) -> HostKey {
        self.last += 1;
        self.filed.push((HostKey(self.last), filed));
        HostKey(self.last)
    }

    pub(crate) fn withdraw(&mut self, number: HostKey) {
        self.filed.retain(|(filed, _)| *filed != number);
    }
}
