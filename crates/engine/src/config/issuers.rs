use std::sync::Arc;

use quash_core::{InvalidIssuers, Issuer, Issuers, Pepper, Peppers, TokenType, json::Value};

use super::{ConfigError, Field, Server, client, keys, status_lists};
use crate::{
    keys::{HostKeys, KeySet},
    trust::Trust,
};

/// The longest that a token may be let live: 30 days. Entries for sessions and subjects are kept that long.
const MAX_LIFETIME_SECS: u64 = 30 * 24 * 60 * 60;

/// The most leeway: ten times what a machine with a working clock needs.
const MAX_LEEWAY_SECS: u64 = 300;

/// The most peppers, and the most revocable claims of an issuer: the token's six ids and one for each claim, under each pepper,
/// must fit one bulk read of Workers KV: 8 × (6 + 6) = 96 of 100 keys.
const MAX_PEPPERS: usize = 8;
const MAX_REVOCABLE_CLAIMS: usize = 6;

/// What is trusted.
///
/// # Errors
/// What is wrong with it as a whole.
pub(super) fn trust(root: &Field<'_, '_>, server: Option<&Server>, has_ledger: bool) -> Result<Trust, ConfigError> {
    let peppers = peppers(&root.member("peppers"));
    let (mut issuers, mut key_sets, mut host_keys) = (Vec::new(), Vec::new(), HostKeys::default());
    let mut status_terms = Vec::new();
    root.member("issuers").required().each(&mut |field| {
        let issuer = issuer(field);
        let configured = field.member("keys").list(&mut |key| keys::configured(key, &mut host_keys));
        let key_set = keys::published(field, &issuer.name).map(KeySet::new);
        if configured.is_empty() && key_set.is_none() {
            field.member("keys").wrong(&"at least one is needed, or `jwks_uri` or `metadata`");
        }
        status_terms.extend(status_lists::terms(&field.member("status_lists"), &issuer.name));
        issuers.push((issuer, configured));
        key_sets.push(key_set);
    });
    if issuers.is_empty() {
        return Err(ConfigError::new("issuers", "at least one is needed"));
    }
    let peppers = Peppers::new(peppers).ok_or_else(|| ConfigError::new("peppers", "at least one is needed"))?;
    let issuers = Issuers::new(issuers, &peppers).map_err(ambiguous)?;
    let mut clients = Vec::new();
    root.member("clients").each(&mut |field| {
        let signer = client::signer(field, server, has_ledger, &mut host_keys);
        if let Some((client, configured, key_set)) = signer {
            clients.push((client, configured));
            key_sets.push(key_set);
        }
    });
    let clients = Issuers::new(clients, &peppers).map_err(|error| ConfigError::new("clients", error))?;
    Ok(Trust { issuers, clients, key_sets, host_keys, status_terms, peppers })
}

fn peppers(names: &Field<'_, '_>) -> Vec<Pepper> {
    let mut pepper = |field: &Field<'_, '_>| {
        let pepper = Pepper::new(field.secret()?.as_bytes());
        pepper.inspect_err(|weak| field.wrong(weak)).ok()
    };
    if !names.is_there() {
        return pepper(&names.item(0, Value::String("QUASH_PEPPER"))).into_iter().collect();
    }
    let peppers = names.list(&mut pepper);
    if peppers.len() > MAX_PEPPERS {
        names.wrong(&format_args!("at most {MAX_PEPPERS}"));
    }
    peppers
}

fn issuer(field: &Field<'_, '_>) -> Issuer {
    field.table(&[
        "issuer",
        "audiences",
        "logout_audiences",
        "event_audiences",
        "event_secret",
        "revocation_audiences",
        "revocation_clients",
        "refresh",
        "status_issuer",
        "end_session",
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
        "status_lists",
    ]);
    let (name, max_lifetime) = (field.member("issuer"), field.member("max_lifetime"));
    let issuer = Issuer {
        name: name.required().text_or(""),
        max_lifetime: max_lifetime.required().seconds(0, MAX_LIFETIME_SECS),
        leeway: field.member("leeway").seconds(30, MAX_LEEWAY_SECS),
        audiences: field.member("audiences").texts(),
        token_type: match field.member("token_type").choice(&["JWT", "at+jwt"]) {
            Some(1) => TokenType::AccessToken,
            _ => TokenType::Jwt,
        },
        required_claims: field.member("required_claims").texts(),
        revocable_claims: revocable_claims(&field.member("revocable_claims")),
    };
    if issuer.name.is_empty() {
        name.wrong(&"must not be empty");
    }
    if issuer.max_lifetime.is_zero() {
        max_lifetime.wrong(&"must be at least 1 second");
    }
    issuer
}

fn revocable_claims(field: &Field<'_, '_>) -> Vec<Arc<str>> {
    let claims = field.list(&mut |item| {
        let name = item.text()?;
        match name {
            "aud" | "exp" | "iat" | "iss" | "nbf" => {
                item.wrong(&"is not a name that something of the issuer's can be revoked by");
            }
            "azp" | "client_id" | "jti" | "sid" | "sub" => item.wrong(&"can be revoked by anyway"),
            _ => {}
        }
        Some(name.into())
    });
    if claims.len() > MAX_REVOCABLE_CLAIMS {
        field.wrong(&format_args!("at most {MAX_REVOCABLE_CLAIMS}"));
    }
    claims
}

#[cold]
fn ambiguous(error: InvalidIssuers) -> ConfigError {
    match error {
        InvalidIssuers::DuplicateKey { issuer, key } => {
            ConfigError::new(format_args!("issuers[{issuer}].keys[{key}].kid"), "another key of this issuer has it")
        }
        InvalidIssuers::DuplicateIssuer(index) => {
            ConfigError::new(format_args!("issuers[{index}].issuer"), "is there already")
        }
        other => ConfigError::new("issuers", other),
    }
}
