use quash_core::{Issuers, Peppers, Timestamp};

use crate::keys::{Filed, HostKeys, KeySet};

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
    /// The keys that the configuration has for hosts to verify with, so that one can be refused that cannot be imported.
    pub fn configured_keys(&self) -> impl Iterator<Item = &Filed> {
        self.host_keys.iter()
    }

    /// The issuers that publish their keys, by their place in the configuration.
    pub fn publishing_issuers(&self) -> impl Iterator<Item = usize> {
        let publishing = |(index, key_set): (usize, &Option<KeySet>)| key_set.as_ref().map(|_| index);
        self.key_sets.iter().enumerate().filter_map(publishing)
    }

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
