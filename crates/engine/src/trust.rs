use quash_core::{Issuers, Key, Peppers, Timestamp};

use crate::{
    keys::{Filed, HostKeys, KeySet},
    status::StatusTerms,
};

/// Who may have signed what is verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signer {
    /// An issuer: it is a token.
    Issuer,
    /// A client: it is an assertion of who that is, and never a token.
    Client,
}

/// Whose tokens are accepted, with which keys, and how their revocations are named.
pub struct Trust {
    pub(crate) issuers: Issuers,
    /// Clients, as the issuers of their assertions.
    pub(crate) clients: Issuers,
    /// What each issuer publishes, where that is asked for, and behind them each client.
    pub(crate) key_sets: Vec<Option<KeySet>>,
    pub(crate) host_keys: HostKeys,
    /// Whose status lists are checked, and how.
    pub(crate) status_terms: Vec<StatusTerms>,
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

    /// The issuers whose status lists are checked, by their names.
    pub fn issuers_with_status_lists(&self) -> impl Iterator<Item = &str> {
        self.status_terms.iter().map(|terms| terms.issuer.as_str())
    }

    pub(crate) const fn signers(&self, signer: Signer) -> &Issuers {
        match signer {
            Signer::Issuer => &self.issuers,
            Signer::Client => &self.clients,
        }
    }

    /// The key set of whoever has this name, if there is one.
    pub(crate) fn publishing(&self, signer: Signer, name: Option<&str>) -> Option<usize> {
        let index = self.signers(signer).iter().position(|issuer| Some(issuer.name.as_str()) == name)?;
        let index = if signer == Signer::Client { self.issuers.iter().count() + index } else { index };
        self.key_sets.get(index)?.as_ref().map(|_| index)
    }

    /// Takes what is published now for what was published before.
    pub(crate) fn publish(&mut self, key_set: usize, keys: Vec<Key>) {
        let issuers = self.issuers.iter().count();
        match key_set.checked_sub(issuers) {
            None => self.issuers.publish(key_set, keys),
            Some(client) => self.clients.publish(client, keys),
        }
    }

    /// When one of the key sets is to be looked at again.
    pub(crate) fn next_look(&self) -> Option<Timestamp> {
        self.key_sets.iter().flatten().filter_map(KeySet::next_look).min()
    }
}
