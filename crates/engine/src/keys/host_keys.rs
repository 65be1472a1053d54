use quash_core::{Algorithm, HostKey};

use super::PublicKey;
use crate::{config::ConfigError, error::Error};

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
    /// Where it came from.
    pub origin: KeyOrigin,
}

/// Where a key came from, for an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// This field of the configuration.
    Configured(String),
    /// The issuer's document at this address.
    Published(String),
}

impl Filed {
    /// What to answer when the host cannot import it: a key that is configured is ours to mend, one that is published is its
    /// issuer's.
    pub fn unusable(&self, problem: &str) -> Error {
        let problem = format!("cannot be imported: {problem}");
        match &self.origin {
            KeyOrigin::Configured(field) => ConfigError { field: field.clone(), problem }.into(),
            KeyOrigin::Published(url) => Error::KeysUnavailable(format!("a key of {url} {problem}")),
        }
    }
}

impl HostKeys {
    /// The key with this number; `None` when it has been withdrawn.
    pub(crate) fn get(&self, number: HostKey) -> Option<&Filed> {
        self.filed.iter().find(|(filed, _)| *filed == number).map(|(_, key)| key)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Filed> {
        self.filed.iter().map(|(_, filed)| filed)
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
