//! The configuration's shape, as an operator writes it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{config::ConfigError, cookie::ExpiredCookie};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) origin: Origin,
    #[serde(default = "auth")]
    pub(super) prefix: String,
    #[serde(default)]
    pub(super) mode: Mode,
    #[serde(default)]
    pub(super) public: Vec<String>,
    #[serde(default)]
    pub(super) routes: Vec<Route>,
    #[serde(default = "quash_denylist")]
    pub(super) denylist: String,
    #[serde(default = "quash_pepper")]
    pub(super) peppers: Vec<String>,
    #[serde(default)]
    pub(super) token: Token,
    pub(super) issuers: Vec<Issuer>,
    #[serde(default)]
    pub(super) clients: Vec<Client>,
    #[serde(default)]
    pub(super) logout: Logout,
}

/// What the guard stands in front of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// A server, by its origin.
    Url(String),
    /// Another Worker, by the name of the service binding.
    Service(String),
    /// Static assets, by the name of their binding.
    Assets(String),
}

/// What is read on each request. See docs/consistency.md.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Workers KV.
    #[default]
    Eventual,
}

impl Mode {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eventual => "eventual",
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    #[serde(default)]
    pub(super) cookies: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Issuer {
    pub(super) issuer: String,
    #[serde(default)]
    pub(super) audiences: Vec<String>,
    pub(super) max_lifetime: u64,
    #[serde(default = "thirty")]
    pub(super) leeway: u64,
    #[serde(default)]
    pub(super) token_type: TokenType,
    #[serde(default)]
    pub(super) required_claims: Vec<String>,
    #[serde(default)]
    pub(super) revocable_claims: Vec<String>,
    #[serde(default)]
    pub(super) keys: Vec<Key>,
    pub(super) jwks_uri: Option<String>,
    pub(super) metadata: Option<String>,
    pub(super) algorithms: Option<Vec<String>>,
    #[serde(default = "one_hour")]
    pub(super) max_stale: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Route {
    pub(super) path: String,
    #[serde(default)]
    pub(super) audiences: Vec<String>,
    #[serde(default)]
    pub(super) scopes: Vec<String>,
    #[serde(default)]
    pub(super) optional: bool,
    #[serde(default)]
    pub(super) lookup: Lookup,
    #[serde(default)]
    pub(super) outage: Outage,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Lookup {
    #[default]
    Denylist,
    DangerIsolate,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outage {
    #[default]
    Closed,
    DangerOpen,
}

#[derive(Clone, Copy, Default, Deserialize)]
pub(super) enum TokenType {
    #[default]
    #[serde(rename = "JWT")]
    Jwt,
    #[serde(rename = "at+jwt")]
    AccessToken,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Key {
    pub(super) kid: Option<String>,
    pub(super) alg: String,
    pub(super) secret: Option<String>,
    pub(super) pem: Option<String>,
    pub(super) jwk: Option<Map<String, Value>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Logout {
    pub(super) cookies: Vec<ExpiredCookie>,
    pub(super) clear_site_data: Vec<String>,
    pub(super) allowed_origins: Vec<String>,
}

impl Default for Logout {
    fn default() -> Self {
        Self {
            cookies: Vec::new(),
            // Not "cache": it can hang Chromium for seconds.
            clear_site_data: vec!["cookies".into(), "storage".into()],
            allowed_origins: Vec::new(),
        }
    }
}

fn auth() -> String {
    "/auth".into()
}

fn quash_denylist() -> String {
    "QUASH_DENYLIST".into()
}

fn quash_pepper() -> Vec<String> {
    vec!["QUASH_PEPPER".into()]
}

const fn thirty() -> u64 {
    30
}

const fn one_hour() -> u64 {
    3600
}

pub(super) fn parse(json: &str) -> Result<Document, ConfigError> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        ConfigError {
            field: if path == "." { "QUASH".into() } else { format!("QUASH.{path}") },
            problem: problem(error.inner()),
        }
    })
}

/// The problem without serde_json's "at line 1 column 7": the operator wrote TOML.
fn problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.rsplit_once(" at line ").map_or(text.clone(), |(problem, _)| problem.into())
}
