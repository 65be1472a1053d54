use std::fmt;

use thiserror::Error;

/// What is wrong with the configuration, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{field}: {problem}")]
pub struct ConfigError {
    /// The field, as a path from the variable's name: `QUASH.issuers[0].keys[0].secret`.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

impl ConfigError {
    /// A problem with a field of the table `QUASH`.
    pub fn new(field: impl fmt::Display, problem: impl fmt::Display) -> Self {
        Self { field: format!("QUASH.{field}"), problem: problem.to_string() }
    }
}
