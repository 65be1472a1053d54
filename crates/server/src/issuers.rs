use std::{sync::Arc, time::Duration};

use quash_core::{Issuer, IssuerTerms, Peppers};

/// How many issuers' names are kept. Their tokens have been verified, so nobody else can bring more.
const MAX_KEPT: usize = 64;

/// The terms of every issuer, made when its first token comes: a server may verify tokens of issuers that it tells nobody of.
pub(crate) struct Issuers {
    peppers: Peppers,
    /// On what terms, by the empty name.
    common: Issuer,
    kept: Vec<Arc<IssuerTerms>>,
}

impl Issuers {
    pub(crate) fn new(
        peppers: Peppers,
        max_lifetime: Duration,
        leeway: Duration,
        revocable_claims: Vec<Arc<str>>,
    ) -> Self {
        let common = Issuer { leeway, revocable_claims, ..Issuer::new("", max_lifetime) };
        Self { peppers, common, kept: Vec::new() }
    }

    /// Those of the issuer with this name. A token without `iss` is of the issuer without a name.
    pub(crate) fn get(&mut self, name: &str) -> Arc<IssuerTerms> {
        match self.kept.iter().position(|terms| terms.issuer().name == name) {
            Some(at) => self.kept[at].clone(),
            None => {
                let Issuer { max_lifetime, leeway, revocable_claims, .. } = &self.common;
                let issuer = Issuer {
                    leeway: *leeway,
                    revocable_claims: revocable_claims.clone(),
                    ..Issuer::new(name, *max_lifetime)
                };
                let terms = Arc::new(IssuerTerms::new(issuer, &self.peppers));
                self.kept.truncate(MAX_KEPT - 1);
                self.kept.insert(0, terms.clone());
                terms
            }
        }
    }
}
