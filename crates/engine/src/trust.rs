use quash_core::{Issuers, Peppers, Timestamp};

use crate::keys::{HostKeys, KeySet};

/// Whose tokens are accepted, with which keys, and how their revocations are named.
pub struct Trust {
    pub(crate) issuers: Issuers,
    /// What each issuer publishes, where that is asked for.
    pub(crate) key_sets: Vec<Option<KeySet>>,
    pub(crate) host_keys: HostKeys,
    /// What handles are sealed with, too.
    pub(crate) peppers: Peppers,
}

impl Trust {
    /// The issuer with this name, if it publishes its keys.
    pub(crate) fn publishing(&self, name: Option<&str>) -> Option<usize> {
        let index = self.issuers.iter().position(|issuer| Some(issuer.name.as_str()) == name)?;
        self.key_sets[index].as_ref().map(|_| index)
    }

    /// When one of the key sets is to be looked at again.
    pub(crate) fn next_look(&self) -> Option<Timestamp> {
        self.key_sets.iter().flatten().filter_map(KeySet::next_look).min()
    }
}
