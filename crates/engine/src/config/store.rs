use std::sync::Arc;

use quash_core::{follower::Terms, json};

use super::{ConfigError, Reading, Routes, issuers, ledger::max_staleness, mode::Place, routes, signals};
use crate::{policy::Policies, trust::Trust};

/// How a guard on a server behaves, whose store has a log. See docs/tower.md for every field.
pub struct StoreConfig {
    /// How late a revocation may be known.
    pub terms: Terms,
    /// What is asked of requests.
    pub routes: Arc<Routes>,
    pub(crate) policies: Policies,
}

impl StoreConfig {
    /// Reads the configuration from JSON, and what is trusted by it. `secret` finds a secret by its name.
    ///
    /// # Errors
    /// [`ConfigError`] names the first field that is wrong.
    pub fn parse(json: &str, secret: impl Fn(&str) -> Option<String>) -> Result<(Self, Trust), ConfigError> {
        let json = json::Document::parse(json.into())
            .map_err(|error| ConfigError { field: "QUASH".into(), problem: error.to_string() })?;
        let reading = Reading::new(&secret, None);
        let root = reading.root(json.object());
        root.table(&["mode", "max_staleness", "public", "routes", "peppers", "token", "issuers", "logout"]);
        let terms = Terms { max_staleness: max_staleness(&root.member("max_staleness")), ..Terms::default() };
        let place = Place::Store(terms.max_staleness);
        let routes = Routes::read(&root, place);
        let policies = routes::policies(&root.member("routes"), routes.mode, place);
        let trust = issuers::trust(&root, None, false);
        root.member("issuers").each(&mut |issuer| {
            for name in signals::FIELDS {
                let field = issuer.member(name);
                if field.is_there() {
                    field.wrong(&"is for the edge: no issuer can send anything here");
                }
            }
        });
        root.member("issuers").each(&mut |issuer| {
            let field = issuer.member("refresh");
            if field.is_there() {
                field.wrong(&"is for the edge: nothing is signed here");
            }
        });
        let config = Self { terms, routes: Arc::new(routes), policies };
        reading.problem().map_or_else(|| Ok((config, trust?)), Err)
    }
}
