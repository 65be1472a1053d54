//! The configuration's shape, as an operator writes it.

use std::time::Duration;

use quash_core::{TokenType, follower::Terms, json::Object, ledger::ShardCount};

use super::{
    ConfigError, Ledger,
    fields::{Field, Table},
};
use crate::{
    cookie::ExpiredCookie,
    policy::{Mode, Outage},
};

pub(super) struct Document<'d> {
    pub(super) origin: Origin,
    pub(super) prefix: String,
    pub(super) mode: Option<Mode>,
    pub(super) public: Vec<String>,
    pub(super) routes: Vec<Route>,
    pub(super) denylist: String,
    pub(super) ledger: Option<Ledger>,
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
    pub(super) mode: Option<Mode>,
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
                "origin", "prefix", "mode", "public", "routes", "denylist", "ledger", "peppers", "token", "issuers",
                "clients", "logout",
            ],
        )?;
        let logout = table.optional("logout").map(|logout| Logout::read(&logout)).transpose()?;
        Ok(Self {
            origin: Origin::read(&table.required("origin")?)?,
            prefix: text(&table, "prefix")?.unwrap_or_else(|| "/auth".into()),
            mode: mode(&table)?,
            public: table.or_default("public", Field::texts)?,
            routes: table.or_default("routes", |routes| routes.list(Route::read))?,
            denylist: text(&table, "denylist")?.unwrap_or_else(|| "QUASH_DENYLIST".into()),
            ledger: table.optional("ledger").map(|ledger| ledger_of(&ledger)).transpose()?,
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
        let table = field.table(&["path", "audiences", "scopes", "optional", "mode", "outage", "max_age"])?;
        Ok(Self {
            path: table.required("path")?.text()?.into(),
            audiences: table.or_default("audiences", Field::texts)?,
            scopes: table.or_default("scopes", Field::texts)?,
            optional: table.or_default("optional", Field::is_true)?,
            mode: mode(&table)?,
            outage: outage(&table)?,
        })
    }
}

fn mode(table: &Table<'_>) -> Result<Option<Mode>, ConfigError> {
    table.optional("mode").map(|mode| mode.choice(&Mode::ALL)).transpose()
}

fn outage(table: &Table<'_>) -> Result<Outage, ConfigError> {
    let last_known_good = Outage::LastKnownGood(Duration::ZERO);
    let outages =
        [("closed", Outage::Closed), ("last_known_good", last_known_good), ("danger_open", Outage::DangerOpen)];
    let outage = table.or_default("outage", |field| field.choice(&outages))?;
    match (outage, table.optional("max_age")) {
        (Outage::LastKnownGood(_), _) => {
            let secs = table.required("max_age")?.number()?;
            Ok(Outage::LastKnownGood(Duration::from_secs(secs)))
        }
        (_, Some(field)) => Err(field.wrong("is for `outage = \"last_known_good\"` only")),
        (outage, None) => Ok(outage),
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

/// The longest that a revocation may be unknown: after a minute Workers KV shows it, too.
const MAX_STALENESS_SECS: u64 = 60;

fn ledger_of(field: &Field<'_>) -> Result<Ledger, ConfigError> {
    let table = field.table(&["binding", "max_staleness", "shards"])?;
    let mut terms = Terms::default();
    if let Some(field) = table.optional("max_staleness") {
        terms.max_staleness = match field.number()? {
            secs @ 1..=MAX_STALENESS_SECS => Duration::from_secs(secs),
            _ => return Err(field.wrong("must be between 1 and 60 seconds")),
        };
    }
    if let Some(field) = table.optional("shards") {
        let count = u8::try_from(field.number()?).ok().and_then(ShardCount::new);
        terms.shards = count.ok_or_else(|| field.wrong("must be between 1 and 255"))?;
    }
    Ok(Ledger { binding: text(&table, "binding")?.unwrap_or_else(|| "QUASH_LEDGER".into()), terms })
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
