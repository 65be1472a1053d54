//! The configuration's shape, as an operator writes it.

use quash_core::{TokenType, json::Object};

use super::{
    ConfigError,
    fields::{Field, Table},
};
use crate::{
    cookie::ExpiredCookie,
    policy::{Lookup, Outage},
};

pub(super) struct Document<'d> {
    pub(super) origin: Origin,
    pub(super) prefix: String,
    pub(super) mode: Mode,
    pub(super) public: Vec<String>,
    pub(super) routes: Vec<Route>,
    pub(super) denylist: String,
    pub(super) peppers: Vec<String>,
    pub(super) token_cookies: Vec<String>,
    pub(super) issuers: Vec<Issuer<'d>>,
    pub(super) clients: Vec<Client>,
    pub(super) logout: Logout,
}

/// What the guard stands in front of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A server, by its origin.
    Url(String),
    /// Another Worker, by the name of the service binding.
    Service(String),
    /// Static assets, by the name of their binding.
    Assets(String),
}

/// What is read on each request. See docs/consistency.md.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Workers KV.
    #[default]
    Eventual,
}

impl Mode {
    const ALL: [(&str, Self); 1] = [("eventual", Self::Eventual)];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Eventual => "eventual",
        }
    }
}

pub(super) struct Issuer<'d> {
    pub(super) issuer: String,
    pub(super) audiences: Vec<String>,
    pub(super) max_lifetime: u64,
    pub(super) leeway: u64,
    pub(super) token_type: TokenType,
    pub(super) required_claims: Vec<String>,
    pub(super) revocable_claims: Vec<String>,
    pub(super) keys: Vec<Key<'d>>,
    pub(super) jwks_uri: Option<String>,
    pub(super) metadata: Option<String>,
    pub(super) algorithms: Option<Vec<String>>,
    pub(super) max_stale: u64,
}

pub(super) struct Key<'d> {
    pub(super) kid: Option<String>,
    pub(super) alg: String,
    pub(super) secret: Option<String>,
    pub(super) pem: Option<String>,
    pub(super) jwk: Option<Object<'d>>,
}

pub(super) struct Route {
    pub(super) path: String,
    pub(super) audiences: Vec<String>,
    pub(super) scopes: Vec<String>,
    pub(super) optional: bool,
    pub(super) lookup: Lookup,
    pub(super) outage: Outage,
}

pub(super) struct Client {
    pub(super) id: String,
    pub(super) secret: String,
}

pub(super) struct Logout {
    pub(super) cookies: Vec<ExpiredCookie>,
    pub(super) clear_site_data: Vec<String>,
    pub(super) allowed_origins: Vec<String>,
}

impl<'d> Document<'d> {
    pub(super) fn read(object: Object<'d>) -> Result<Self, ConfigError> {
        let table = Table::root(
            object,
            &[
                "origin", "prefix", "mode", "public", "routes", "denylist", "peppers", "token", "issuers", "clients",
                "logout",
            ],
        )?;
        let logout = table.optional("logout").map(|logout| Logout::read(&logout)).transpose()?;
        Ok(Self {
            origin: Origin::read(&table.required("origin")?)?,
            prefix: text(&table, "prefix")?.unwrap_or_else(|| "/auth".into()),
            mode: table.or_default("mode", |mode| mode.choice(&Mode::ALL))?,
            public: table.or_default("public", Field::texts)?,
            routes: table.or_default("routes", |routes| routes.list(Route::read))?,
            denylist: text(&table, "denylist")?.unwrap_or_else(|| "QUASH_DENYLIST".into()),
            peppers: texts(&table, "peppers")?.unwrap_or_else(|| vec!["QUASH_PEPPER".into()]),
            token_cookies: table
                .or_default("token", |token| token.table(&["cookies"])?.or_default("cookies", Field::texts))?,
            issuers: table.required("issuers")?.list(Issuer::read)?,
            clients: table.or_default("clients", |clients| clients.list(Client::read))?,
            logout: logout.unwrap_or_default(),
        })
    }
}

impl Origin {
    fn read(field: &Field<'_>) -> Result<Self, ConfigError> {
        let kinds = [("url", Self::Url as fn(String) -> Self), ("service", Self::Service), ("assets", Self::Assets)];
        let table = field.table(&kinds.map(|(name, _)| name))?;
        let named = kinds.iter().filter_map(|(name, kind)| Some((table.optional(name)?, kind)));
        match named.collect::<Vec<_>>().as_slice() {
            [(field, kind)] => Ok(kind(field.text()?.into())),
            _ => Err(field.wrong("must have one of `url`, `service` and `assets`")),
        }
    }
}

impl<'d> Issuer<'d> {
    fn read(field: &Field<'d>) -> Result<Self, ConfigError> {
        let table = field.table(&[
            "issuer",
            "audiences",
            "max_lifetime",
            "leeway",
            "token_type",
            "required_claims",
            "revocable_claims",
            "keys",
            "jwks_uri",
            "metadata",
            "algorithms",
            "max_stale",
        ])?;
        let number = |name, default| table.optional(name).map_or(Ok(default), |field| field.number());
        let types = [("JWT", TokenType::Jwt), ("at+jwt", TokenType::AccessToken)];
        Ok(Self {
            issuer: table.required("issuer")?.text()?.into(),
            audiences: table.or_default("audiences", Field::texts)?,
            max_lifetime: table.required("max_lifetime")?.number()?,
            leeway: number("leeway", 30)?,
            token_type: table.or_default("token_type", |field| field.choice(&types))?,
            required_claims: table.or_default("required_claims", Field::texts)?,
            revocable_claims: table.or_default("revocable_claims", Field::texts)?,
            keys: table.or_default("keys", |keys| keys.list(Key::read))?,
            jwks_uri: text(&table, "jwks_uri")?,
            metadata: text(&table, "metadata")?,
            algorithms: texts(&table, "algorithms")?,
            max_stale: number("max_stale", 3600)?,
        })
    }
}

impl<'d> Key<'d> {
    fn read(field: &Field<'d>) -> Result<Self, ConfigError> {
        let table = field.table(&["kid", "alg", "secret", "pem", "jwk"])?;
        Ok(Self {
            kid: text(&table, "kid")?,
            alg: table.required("alg")?.text()?.into(),
            secret: text(&table, "secret")?,
            pem: text(&table, "pem")?,
            jwk: table.optional("jwk").map(|jwk| jwk.object()).transpose()?,
        })
    }
}

impl Route {
    fn read(field: &Field<'_>) -> Result<Self, ConfigError> {
        let table = field.table(&["path", "audiences", "scopes", "optional", "lookup", "outage"])?;
        let lookups = [("denylist", Lookup::Denylist), ("danger_isolate", Lookup::DangerIsolate)];
        let outages = [("closed", Outage::Closed), ("danger_open", Outage::DangerOpen)];
        Ok(Self {
            path: table.required("path")?.text()?.into(),
            audiences: table.or_default("audiences", Field::texts)?,
            scopes: table.or_default("scopes", Field::texts)?,
            optional: table.or_default("optional", Field::is_true)?,
            lookup: table.or_default("lookup", |field| field.choice(&lookups))?,
            outage: table.or_default("outage", |field| field.choice(&outages))?,
        })
    }
}

impl Client {
    fn read(field: &Field<'_>) -> Result<Self, ConfigError> {
        let table = field.table(&["id", "secret"])?;
        let text = |name| Ok(table.required(name)?.text()?.to_owned());
        Ok(Self { id: text("id")?, secret: text("secret")? })
    }
}

impl Logout {
    fn read(field: &Field<'_>) -> Result<Self, ConfigError> {
        let table = field.table(&["cookies", "clear_site_data", "allowed_origins"])?;
        Ok(Self {
            cookies: table.or_default("cookies", |cookies| cookies.list(cookie))?,
            clear_site_data: texts(&table, "clear_site_data")?.unwrap_or_else(|| Self::default().clear_site_data),
            allowed_origins: table.or_default("allowed_origins", Field::texts)?,
        })
    }
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

fn cookie(field: &Field<'_>) -> Result<ExpiredCookie, ConfigError> {
    let table = field.table(&["name", "path", "domain", "partitioned"])?;
    Ok(ExpiredCookie {
        name: table.required("name")?.text()?.into(),
        path: text(&table, "path")?.unwrap_or_else(|| "/".into()),
        domain: text(&table, "domain")?,
        partitioned: table.or_default("partitioned", Field::is_true)?,
    })
}

fn text(table: &Table<'_>, name: &str) -> Result<Option<String>, ConfigError> {
    table.optional(name).map(|field| field.text().map(str::to_owned)).transpose()
}

fn texts(table: &Table<'_>, name: &str) -> Result<Option<Vec<String>>, ConfigError> {
    table.optional(name).map(|field| field.texts()).transpose()
}
