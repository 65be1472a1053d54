//! The typed configuration: read once, at start, and refused as a whole with the name of the field that is wrong.

mod client;
mod document;
mod error;
mod fields;
mod keys;
mod routes;

use std::{fmt, sync::Arc, time::Duration};

use quash_core::{InvalidIssuers, Issuer, Issuers, Pepper, Peppers, follower::Terms, json};

use crate::{
    cookie::ExpiredCookie,
    keys::{HostKeys, KeySet},
    path::PathPattern,
    policy::{Mode, Policies},
    trust::Trust,
};

use document::Document;

pub use client::Client;
pub use document::Origin;
pub use error::ConfigError;

/// How a deployment of Quash behaves. See docs/configuration.md for every field.
pub struct Config {
    /// What the guard stands in front of.
    pub origin: Origin,
    /// The binding of the KV namespace.
    pub denylist: String,
    /// Where revocations are followed, if they are.
    pub ledger: Option<Ledger>,
    /// What is answered where, and to whom.
    pub routes: Arc<Routes>,
    pub(crate) policies: Policies,
}

/// A ledger, and how late what it has may be known.
pub struct Ledger {
    /// The binding of its Durable Objects' namespace.
    pub binding: String,
    /// How late a revocation may be known, and in how many shards they are kept.
    pub terms: Terms,
}

/// What is answered where, and to whom.
pub struct Routes {
    pub(crate) prefix: String,
    /// Where revocations are looked for, where a route does not say otherwise.
    pub mode: Mode,
    pub(crate) public: Vec<PathPattern>,
    /// The cookies that may carry a token.
    pub token_cookies: Vec<String>,
    /// Who may revoke.
    pub clients: Vec<Client>,
    /// What a logout expires.
    pub expired_cookies: Vec<ExpiredCookie>,
    /// The `Clear-Site-Data` header of a logout.
    pub clear_site_data: Option<String>,
    /// Whose pages may log their visitors out.
    pub allowed_origins: Vec<String>,
}

/// The longest that a token may be let live: 30 days. Entries for sessions and subjects are kept that long.
const MAX_LIFETIME_SECS: u64 = 30 * 24 * 60 * 60;

/// The most leeway: ten times what a machine with a working clock needs.
const MAX_LEEWAY_SECS: u64 = 300;

/// The most peppers, and the most revocable claims of an issuer: the token's six ids and one for each claim, under each pepper,
/// must fit one bulk read of Workers KV: 8 × (6 + 6) = 96 of 100 keys.
const MAX_PEPPERS: usize = 8;
const MAX_REVOCABLE_CLAIMS: usize = 6;

/// What is wrong with `mode = "bounded"` and `mode = "strict"` where there is none.
pub(crate) const NEEDED: &str = "needs `ledger`";

impl Config {
    /// Reads the configuration from JSON, and what is trusted by it. `secret` finds a secret by the name of its binding.
    ///
    /// # Errors
    /// [`ConfigError`] names the first field that is wrong.
    pub fn parse(json: &str, secret: impl Fn(&str) -> Option<String>) -> Result<(Self, Trust), ConfigError> {
        let wrong = |problem| ConfigError { field: "QUASH".into(), problem };
        let json = json::Document::parse(json.into()).map_err(|error| wrong(format!("{error}")))?;
        Self::read(json.object(), secret)
    }

    /// How long after its acknowledgement a revocation may be unknown to routes of this mode; `None` where nobody can say.
    pub fn bound(&self, mode: Mode) -> Option<Duration> {
        match (mode, &self.ledger) {
            (Mode::Strict, _) => Some(Duration::ZERO),
            (Mode::Bounded, Some(ledger)) => Some(ledger.terms.max_staleness),
            _ => None,
        }
    }

    /// Reads the configuration from a JSON object, as [`parse`](Self::parse) does.
    ///
    /// # Errors
    /// The same.
    pub fn read(
        object: json::Object<'_>,
        secret: impl Fn(&str) -> Option<String>,
    ) -> Result<(Self, Trust), ConfigError> {
        let document = Document::read(object)?;
        let secret = |field: &dyn fmt::Display, name: &str| {
            secret(name).ok_or_else(|| {
                ConfigError::new(field, format_args!("no secret `{name}` is set (npx wrangler secret put {name})"))
            })
        };

        let prefix = document.prefix;
        if !prefix.starts_with('/') || prefix.len() < 2 || PathPattern::parse(&prefix).is_err() || prefix.ends_with('/')
        {
            return Err(ConfigError::new("prefix", "must be a path like `/auth`"));
        }
        if let Origin::Url(url) = &document.origin
            && !is_origin(url)
        {
            return Err(ConfigError::new("origin.url", "must be an origin like `https://example.com`, without a path"));
        }

        let peppers = peppers(&document.peppers, &secret)?;
        let trust = trust(&document.issuers, peppers, &secret)?;
        let mode = match (document.mode, &document.ledger) {
            (Some(mode), None) if mode.needs_ledger() => return Err(ConfigError::new("mode", NEEDED)),
            (Some(mode), _) => mode,
            (None, Some(_)) => Mode::Bounded,
            (None, None) => Mode::Eventual,
        };
        let routes = Routes {
            prefix,
            mode,
            public: each("public", &document.public, |pattern| {
                PathPattern::parse(pattern).map_err(|error| error.to_string())
            })?,
            token_cookies: document.token_cookies,
            clients: clients(&document.clients, &secret)?,
            expired_cookies: each("logout.cookies", &document.logout.cookies, |cookie| match cookie.problem() {
                None => Ok(cookie.clone()),
                Some(problem) => Err(problem.into()),
            })?,
            clear_site_data: clear_site_data(&document.logout.clear_site_data)?,
            allowed_origins: each("logout.allowed_origins", &document.logout.allowed_origins, |origin| {
                let valid = is_origin(origin);
                valid.then(|| origin.clone()).ok_or_else(|| "must be an origin like `https://app.example.com`".into())
            })?,
        };
        let policies = routes::policies(&document.routes, document.ledger.is_some())?;
        let config = Self {
            origin: document.origin,
            denylist: document.denylist,
            ledger: document.ledger,
            routes: Arc::new(routes),
            policies,
        };
        Ok((config, trust))
    }
}

/// Converts each item of a list; an error is named with the list and the index.
fn each<T, U>(field: &str, items: &[T], convert: impl Fn(&T) -> Result<U, String>) -> Result<Vec<U>, ConfigError> {
    let named =
        |(index, item)| convert(item).map_err(|problem| ConfigError::new(format_args!("{field}[{index}]"), problem));
    items.iter().enumerate().map(named).collect()
}

type FindSecret<'a> = dyn Fn(&dyn fmt::Display, &str) -> Result<String, ConfigError> + 'a;

fn peppers(names: &[String], secret: &FindSecret<'_>) -> Result<Peppers, ConfigError> {
    if names.len() > MAX_PEPPERS {
        return Err(ConfigError::new("peppers", format_args!("at most {MAX_PEPPERS}")));
    }
    let pepper = |(index, name): (usize, &String)| {
        let field = format!("peppers[{index}]");
        Pepper::new(secret(&field, name)?.as_bytes()).map_err(|weak| ConfigError::new(field, weak))
    };
    let peppers = names.iter().enumerate().map(pepper).collect::<Result<_, _>>()?;
    Peppers::new(peppers).ok_or_else(|| ConfigError::new("peppers", "at least one is needed"))
}

fn trust(documents: &[document::Issuer<'_>], peppers: Peppers, secret: &FindSecret<'_>) -> Result<Trust, ConfigError> {
    if documents.is_empty() {
        return Err(ConfigError::new("issuers", "at least one is needed"));
    }
    let (mut issuers, mut key_sets, mut host_keys) = (Vec::new(), Vec::new(), HostKeys::default());
    for (index, document) in documents.iter().enumerate() {
        let keys = keys::configured(index, &document.keys, secret, &mut host_keys)?;
        let key_set = keys::published(index, document)?.map(KeySet::new);
        if keys.is_empty() && key_set.is_none() {
            let problem = "at least one is needed, or `jwks_uri` or `metadata`";
            return Err(ConfigError::new(format_args!("issuers[{index}].keys"), problem));
        }
        issuers.push((issuer(index, document)?, keys));
        key_sets.push(key_set);
    }
    let issuers = Issuers::new(issuers, &peppers).map_err(|error| match error {
        InvalidIssuers::DuplicateKey { issuer, key } => {
            ConfigError::new(format_args!("issuers[{issuer}].keys[{key}].kid"), "another key of this issuer has it")
        }
        InvalidIssuers::DuplicateIssuer(index) => {
            ConfigError::new(format_args!("issuers[{index}].issuer"), "is there already")
        }
        other => ConfigError::new("issuers", other),
    })?;
    Ok(Trust { issuers, key_sets, host_keys, peppers })
}

fn issuer(index: usize, document: &document::Issuer<'_>) -> Result<Issuer, ConfigError> {
    let seconds = |name, secs, max| match secs {
        secs if secs > max => {
            Err(ConfigError::new(format_args!("issuers[{index}].{name}"), format_args!("at most {max} seconds")))
        }
        secs => Ok(Duration::from_secs(secs)),
    };
    if document.issuer.is_empty() {
        return Err(ConfigError::new(format_args!("issuers[{index}].issuer"), "must not be empty"));
    }
    if document.max_lifetime == 0 {
        return Err(ConfigError::new(format_args!("issuers[{index}].max_lifetime"), "must be at least 1 second"));
    }
    Ok(Issuer {
        leeway: seconds("leeway", document.leeway, MAX_LEEWAY_SECS)?,
        audiences: document.audiences.clone(),
        token_type: document.token_type,
        required_claims: document.required_claims.clone(),
        revocable_claims: revocable_claims(index, &document.revocable_claims)?,
        ..Issuer::new(document.issuer.clone(), seconds("max_lifetime", document.max_lifetime, MAX_LIFETIME_SECS)?)
    })
}

fn revocable_claims(issuer: usize, names: &[String]) -> Result<Vec<Arc<str>>, ConfigError> {
    let field = format!("issuers[{issuer}].revocable_claims");
    if names.len() > MAX_REVOCABLE_CLAIMS {
        return Err(ConfigError::new(field, format_args!("at most {MAX_REVOCABLE_CLAIMS}")));
    }
    each(&field, names, |name| match name.as_str() {
        "aud" | "exp" | "iat" | "iss" | "nbf" => {
            Err("is not a name that something of the issuer's can be revoked by".into())
        }
        "azp" | "client_id" | "jti" | "sid" | "sub" => Err("can be revoked by anyway".into()),
        name => Ok(name.into()),
    })
}

fn clients(documents: &[document::Client], secret: &FindSecret<'_>) -> Result<Vec<Client>, ConfigError> {
    let client = |(index, document): (usize, &document::Client)| {
        let field = format!("clients[{index}].secret");
        let client_secret = secret(&field, &document.secret)?;
        Client::new(&document.id, &client_secret).map_err(|problem| ConfigError::new(field, problem))
    };
    documents.iter().enumerate().map(client).collect()
}

/// The `Clear-Site-Data` header's value (W3C Clear Site Data section 3.1): quoted, or the header means nothing.
fn clear_site_data(kinds: &[String]) -> Result<Option<String>, ConfigError> {
    let quoted = each("logout.clear_site_data", kinds, |kind| match kind.as_str() {
        "cache" | "cookies" | "executionContexts" | "storage" | "*" => Ok(format!("\"{kind}\"")),
        _ => Err("must be `cookies`, `storage`, `cache`, `executionContexts` or `*`".into()),
    })?;
    Ok((!quoted.is_empty()).then(|| quoted.join(", ")))
}

/// Whether `text` is an origin as browsers write it (RFC 6454 section 6.2).
fn is_origin(text: &str) -> bool {
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    host.is_some_and(|host| {
        !host.is_empty()
            && host.bytes().all(|b| b.is_ascii_graphic() && !br#"/\?#@"#.contains(&b) && !b.is_ascii_uppercase())
    })
}

#[cfg(test)]
mod tests;
