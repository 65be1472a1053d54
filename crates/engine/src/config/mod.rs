//! The typed configuration: read once, at start, and refused as a whole with the name of the field that is wrong.

mod client;
mod error;
mod field;
mod issuers;
mod keys;
mod ledger;
mod logout;
mod mode;
mod observe;
mod origin;
mod rate_limit;
mod refresh;
mod routes;
mod server;
mod signals;
mod signing_key;
mod status_issuer;
mod status_lists;
mod store;
mod verify;

use std::sync::Arc;

use quash_core::json;

use crate::{
    cookie::Cookie,
    path::PathPattern,
    policy::{Mode, Policies, Policy},
    redirect::Redirects,
    trust::Trust,
};

use field::{Field, Reading};
use mode::Place;

pub use client::Client;
pub use error::ConfigError;
pub use ledger::Ledger;
pub(crate) use mode::{LEDGER_NEEDED, NO_WORKERS_KV};
pub use observe::Observe;
pub use origin::Origin;
pub use rate_limit::RateLimit;
pub use refresh::Refresh;
pub use server::Server;
pub use signals::Signals;
pub use signing_key::SigningKey;
pub use status_issuer::StatusIssuer;
pub use store::StoreConfig;
pub use verify::Verify;

/// Sets a secret of a Worker.
const SET_SECRET: &str = "npx wrangler secret put";

/// How a deployment of Quash behaves at the edge. See docs/configuration.md for every field.
pub struct Config {
    /// What the guard stands in front of.
    pub origin: Option<Origin>,
    /// The binding of the KV namespace.
    pub denylist: String,
    /// Where revocations are followed, if they are.
    pub ledger: Option<Ledger>,
    /// What is answered where, and to whom.
    pub routes: Arc<Routes>,
    /// Who counts the requests of strangers, if somebody does.
    pub rate_limit: Option<RateLimit>,
    /// What is told of requests.
    pub observe: Observe,
    pub(crate) policies: Policies,
}

/// What is answered where, and to whom.
pub struct Routes {
    /// Where the [endpoints](crate::Endpoint) are; `None` where a program says that by itself.
    pub(crate) prefix: Option<String>,
    /// Where revocations are looked for, where a route does not say otherwise.
    pub mode: Mode,
    pub(crate) public: Vec<PathPattern>,
    /// The cookies that may carry a token.
    pub token_cookies: Vec<String>,
    /// Who may revoke, and introspect.
    pub clients: Vec<Client>,
    /// What each issuer may send.
    pub signals: Vec<Signals>,
    /// How proxies ask, if they may.
    pub verify: Option<Verify>,
    /// Who we are to them, if we know.
    pub server: Option<Server>,
    /// Whose refresh tokens are exchanged here.
    pub refresh: Vec<Refresh>,
    /// The cookies that may carry one.
    pub refresh_cookies: Vec<String>,
    /// The lists that we publish.
    pub status_issuers: Vec<StatusIssuer>,
    /// What a logout expires.
    pub expired_cookies: Vec<Cookie>,
    /// The `Clear-Site-Data` header of a logout.
    pub clear_site_data: Option<String>,
    /// Where a logout may send its browser.
    pub redirects: Redirects,
    /// Whose pages may log their visitors out.
    pub allowed_origins: Vec<String>,
}

impl Routes {
    /// Where revocations are looked for on a route with this policy.
    pub(crate) fn mode_of(&self, policy: &Policy) -> Mode {
        policy.own_mode().unwrap_or(self.mode)
    }

    /// How refresh tokens of the issuer with this name are exchanged.
    pub fn refresh_of(&self, issuer: &str) -> Option<(usize, &Refresh)> {
        self.refresh.iter().enumerate().find(|(_, refresh)| refresh.issuer == issuer)
    }

    /// What the issuer with this name may send.
    pub fn signals_of(&self, issuer: Option<&str>) -> Option<&Signals> {
        self.signals.iter().find(|signals| Some(signals.issuer()) == issuer)
    }
}

impl Config {
    /// Reads the configuration from JSON, and what is trusted by it. `secret` finds a secret by the name of its binding.
    ///
    /// # Errors
    /// [`ConfigError`] names the first field that is wrong.
    pub fn parse(json: &str, secret: impl Fn(&str) -> Option<String>) -> Result<(Self, Trust), ConfigError> {
        let json = json::Document::parse(json.into())
            .map_err(|error| ConfigError { field: "QUASH".into(), problem: error.to_string() })?;
        Self::read(json.object(), secret)
    }

    /// Reads the configuration from a JSON object, as [`parse`](Self::parse) does.
    ///
    /// # Errors
    /// The same.
    pub fn read(
        object: json::Object<'_>,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Trust), ConfigError> {
        let reading = Reading::new(&secret, Some(SET_SECRET));
        let root = reading.root(object);
        let config = Self::of(&root);
        let trust = issuers::trust(&root, config.routes.server.as_ref(), config.ledger.is_some());
        reading.problem().map_or_else(|| Ok((config, trust?)), Err)
    }

    fn of(root: &Field<'_, '_>) -> Self {
        root.table(&[
            "origin",
            "prefix",
            "mode",
            "public",
            "routes",
            "denylist",
            "ledger",
            "peppers",
            "token",
            "issuers",
            "clients",
            "server",
            "verify",
            "logout",
            "rate_limit",
            "observe",
        ]);
        let ledger = Ledger::read(&root.member("ledger"));
        let place = ledger.as_ref().map_or(Place::Kv, |ledger| Place::KvAndLedger(ledger.terms.max_staleness));
        let prefix = prefix(&root.member("prefix"));
        let clients = client::all(&root.member("clients"));
        let refresh = root.member("issuers").list(&mut |field| Refresh::read(field, ledger.is_some()));
        let server = Server::read(&root.member("server"), &prefix);
        let mut routes = Routes {
            verify: Verify::read(&root.member("verify")),
            status_issuers: status_issuer::all(root, server.as_ref(), ledger.is_some()),
            server,
            prefix: Some(prefix),
            signals: root.member("issuers").list(&mut |field| Some(Signals::read(field, &clients))),
            clients,
            ..Routes::read(root, place)
        };
        for cookie in refresh.iter().filter_map(|refresh| refresh.cookie.as_ref()) {
            routes.refresh_cookies.push(cookie.name().into());
            routes.expired_cookies.push(cookie.clone());
        }
        routes.refresh = refresh;
        Self {
            origin: Origin::read(&root.member("origin")),
            denylist: root.member("denylist").text_or("QUASH_DENYLIST"),
            policies: routes::policies(&root.member("routes"), routes.mode, place),
            routes: Arc::new(routes),
            ledger,
            rate_limit: RateLimit::read(&root.member("rate_limit")),
            observe: Observe::read(&root.member("observe")),
        }
    }
}

impl Routes {
    /// Those of a program that has no endpoints.
    fn read(root: &Field<'_, '_>, place: Place) -> Self {
        let mode = mode::mode(&root.member("mode"), place);
        let logout = root.member("logout");
        logout.table(&["cookies", "clear_site_data", "allowed_origins", "redirects"]);
        Self {
            verify: None,
            server: None,
            prefix: None,
            mode: mode.unwrap_or(if place.followed_within().is_some() { Mode::Bounded } else { Mode::Eventual }),
            public: root.member("public").list(&mut routes::path),
            token_cookies: root.member("token").table(&["cookies"]).member("cookies").texts(),
            signals: Vec::new(),
            clients: Vec::new(),
            refresh: Vec::new(),
            status_issuers: Vec::new(),
            refresh_cookies: Vec::new(),
            expired_cookies: logout.member("cookies").list(&mut logout::cookie),
            clear_site_data: logout::clear_site_data(&logout.member("clear_site_data")),
            redirects: logout::redirects(root),
            allowed_origins: logout.member("allowed_origins").texts_that(|origin| {
                (!origin::is_origin(origin)).then_some("must be an origin like `https://app.example.com`")
            }),
        }
    }
}

fn prefix(field: &Field<'_, '_>) -> String {
    let prefix = field.text_or("/auth");
    if !prefix.starts_with('/') || prefix.len() < 2 || prefix.ends_with('/') || PathPattern::parse(&prefix).is_err() {
        field.wrong(&"must be a path like `/auth`");
    }
    prefix
}

#[cfg(test)]
mod tests;
