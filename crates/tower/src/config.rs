use quash_engine::{
    Error, Trust,
    config::{ConfigError, StoreConfig},
};

use crate::keys::VerifyingKey;

/// How a guard behaves, and whose tokens it accepts. See docs/tower.md for every field.
pub struct Config {
    pub(crate) store: StoreConfig,
    pub(crate) trust: Trust,
}

impl Config {
    /// Reads the configuration from JSON. `secret` finds a secret by its name, in the environment, say: no secret is part of
    /// the configuration itself.
    ///
    /// ```
    /// use quash_tower::Config;
    ///
    /// let secret = |name: &str| match name {
    ///     "QUASH_PEPPER" => Some("thirty-two bytes or more, at random".to_owned()),
    ///     "JWT_SECRET" => Some("another thirty-two bytes, or more".to_owned()),
    ///     _ => None, // In a server: `std::env::var(name).ok()`
    /// };
    /// let config = Config::from_json(
    ///     r#"{
    ///         "token": { "cookies": ["session"] },
    ///         "issuers": [{
    ///             "issuer": "https://issuer.example",
    ///             "audiences": ["https://api.example"],
    ///             "max_lifetime": 3600,
    ///             "keys": [{ "alg": "HS256", "secret": "JWT_SECRET" }]
    ///         }]
    ///     }"#,
    ///     secret,
    /// )?;
    /// # Ok::<(), quash_tower::ConfigError>(())
    /// ```
    ///
    /// # Errors
    /// [`ConfigError`] names the first field that is wrong, from `QUASH`, which is what the whole is called.
    pub fn from_json(json: &str, secret: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let (store, trust) = StoreConfig::parse(json, secret)?;
        for filed in trust.configured_keys() {
            if let Err(problem) = VerifyingKey::import(filed)
                && let Error::Configuration(error) = filed.unusable(problem)
            {
                return Err(error);
            }
        }
        if cfg!(not(feature = "jwks")) && trust.issuers_with_status_lists().next().is_some() {
            return Err(ConfigError::new("issuers", "to read `status_lists` takes the feature `jwks`"));
        }
        if cfg!(not(feature = "jwks"))
            && let Some(issuer) = trust.publishing_issuers().next()
        {
            let field = format!("issuers[{issuer}]");
            return Err(ConfigError::new(field, "to read what an issuer publishes takes the feature `jwks`"));
        }
        Ok(Self { store, trust })
    }
}
