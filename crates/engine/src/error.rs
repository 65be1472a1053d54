use std::time::Duration;

use quash_core::{InvalidHandle, Refusal, Rule, Status};
use thiserror::Error;

use crate::config::ConfigError;

/// Why a request is not answered with what it asked for, by who is to blame.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    // The bearer's.
    /// No token where one is needed.
    #[error("a token is needed here")]
    TokenMissing,
    /// More than one credential (RFC 6750 section 2).
    #[error("the request carries more than one credential")]
    TokenAmbiguous,
    /// The token is not accepted, by itself.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The text is no revocation handle of this deployment.
    #[error(transparent)]
    InvalidHandle(#[from] InvalidHandle),
    /// The token was revoked.
    #[error("the token has been revoked")]
    Revoked {
        /// What hit it.
        rule: Rule,
        /// How long until a new login is not covered any more, where that is not so at once.
        retry_after: Option<Duration>,
    },
    /// Its issuer's status list says that it is not in force.
    #[error("the token is not in force, by its issuer's status list")]
    Status(Status),
    /// The token names a status list that is nowhere where its issuer's are.
    #[error("the token names a status list that may not be read here")]
    StatusListRefused,

    /// The token lacks a scope that the route needs (RFC 6750 section 3.1).
    #[error("the token's scope does not reach this far")]
    ScopeMissing(Vec<String>),

    // The caller's.
    /// The path is one that an origin might read as another, where other terms hold.
    #[error("the path could be read in more than one way")]
    PathAmbiguous,
    /// The route knows another method.
    #[error("this route takes {0} only")]
    MethodNotAllowed(&'static str),
    /// A browser sent the request from another site.
    #[error("a page of another site may not do this")]
    CrossSite,
    /// The body is longer than any form we take.
    #[error("the request's body is too large")]
    BodyTooLarge,
    /// The body is no form.
    #[error("the request's body must be `application/x-www-form-urlencoded`")]
    BodyNotForm,
    /// The body is of another media type than this one.
    #[error("the request's body must be `{0}`")]
    BodyType(&'static str),
    /// The answer is of no media type that the request takes.
    #[error("there is no answer of a media type that `Accept` names")]
    NotAcceptable,
    /// A parameter is missing, repeated or has a value we do not know.
    #[error("the parameter `{0}` is missing, repeated or unknown")]
    Parameter(&'static str),
    /// No client could be told by what the request says: an id, a secret or an assertion is wrong, absent, or was used before.
    #[error("the client could not be authenticated")]
    ClientUnknown,
    /// The client is known, and may not do this.
    #[error("the client may not do this")]
    ClientForbidden,
    /// The token was issued to another client (RFC 7009 section 2.1).
    #[error("the token was issued to another client")]
    ClientMismatch,
    /// The token endpoint exchanges refresh tokens, and grants nothing else.
    #[error("this endpoint knows the grant type `refresh_token` only")]
    GrantTypeUnsupported,
    /// More is asked for than the refresh token was granted (RFC 6749 section 6).
    #[error("the scope reaches further than the refresh token's")]
    ScopeExceeded,
    /// The refresh token was used before, and not just now: whoever has the next one is logged out with it (RFC 9700 section 4.14.2).
    #[error("the refresh token has been used before")]
    RefreshTokenReused,
    /// It is known who asks, and that they may not.
    #[error("the caller may not do this")]
    CallerNotAllowed,
    /// The subject is nobody whose tokens the caller may have revoked.
    #[error("the subject is not known here")]
    SubjectUnknown,
    /// There is no list with this number.
    #[error("there is no such status list")]
    StatusListUnknown,

    /// The caller's requests fail too often. Holds for how long they are counted.
    #[error("too many requests from there have failed")]
    RateLimited(Duration),

    /// Only a ledger can do that, and there is none.
    #[error("this needs a ledger, and none is configured")]
    LedgerNeeded,

    // Outages.
    /// The denylist did not answer, or not in a way that can be read. Holds the cause, for the log.
    #[error("the denylist cannot be reached")]
    StoreUnavailable(String),
    /// The ledger could not be read for so long that a revocation may be unknown here.
    #[error("the ledger cannot be reached")]
    LedgerUnavailable {
        /// When to try again.
        retry_after: Duration,
        /// What is wrong with it, for the log.
        cause: String,
    },
    /// The issuer's keys cannot be read, and there are none of before that may still be used. Holds the cause, for the log.
    #[error("the issuer's keys cannot be read")]
    KeysUnavailable(String),
    /// The issuer's status list cannot be read, or says nothing of the token, and nothing of before may still be gone by. Holds the
    /// cause, for the log.
    #[error("the issuer's status list cannot be read")]
    StatusListUnavailable(String),
    /// The origin did not answer.
    #[error("the origin cannot be reached")]
    OriginUnreachable,

    // Ours.
    /// A configured key turned out to be unusable.
    #[error("the configuration is wrong: {0}")]
    Configuration(#[from] ConfigError),
    /// The platform failed in a way that it should not.
    #[error("the platform failed: {0}")]
    Platform(String),
}

impl Error {
    /// The stable code, the same string in Rust, in TypeScript and on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::TokenAmbiguous => "token_ambiguous",
            Self::Refused(refusal) => refusal.code(),
            Self::InvalidHandle(_) => "handle_invalid",
            Self::Revoked { .. } | Self::Status(Status::INVALID) => "token_revoked",
            Self::Status(Status::SUSPENDED) => "token_suspended",
            Self::Status(_) => "token_status_refused",
            Self::StatusListRefused => "status_list_refused",
            Self::ScopeMissing(_) => "scope_missing",
            Self::PathAmbiguous => "path_ambiguous",
            Self::MethodNotAllowed(_) => "method_not_allowed",
            Self::CrossSite => "cross_site_refused",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyNotForm => "body_not_form",
            Self::BodyType(_) => "body_type_refused",
            Self::NotAcceptable => "not_acceptable",
            Self::Parameter(_) => "parameter_invalid",
            Self::ClientUnknown => "client_unknown",
            Self::ClientForbidden => "client_forbidden",
            Self::ClientMismatch => "client_mismatch",
            Self::GrantTypeUnsupported => "grant_type_unsupported",
            Self::ScopeExceeded => "scope_exceeded",
            Self::RefreshTokenReused => "refresh_token_reused",
            Self::CallerNotAllowed => "caller_not_allowed",
            Self::SubjectUnknown => "subject_unknown",
            Self::StatusListUnknown => "status_list_unknown",
            Self::RateLimited(_) => "rate_limited",
            Self::LedgerNeeded => "ledger_needed",
            Self::StoreUnavailable(_) => "store_unavailable",
            Self::LedgerUnavailable { .. } => "ledger_unavailable",
            Self::KeysUnavailable(_) => "keys_unavailable",
            Self::StatusListUnavailable(_) => "status_list_unavailable",
            Self::OriginUnreachable => "origin_unreachable",
            Self::Configuration(_) => "configuration_invalid",
            Self::Platform(_) => "platform_failed",
        }
    }

    /// The HTTP status.
    pub const fn status(&self) -> u16 {
        match self {
            Self::TokenAmbiguous
            | Self::PathAmbiguous
            | Self::Parameter(_)
            | Self::ClientMismatch
            | Self::GrantTypeUnsupported
            | Self::ScopeExceeded
            | Self::RefreshTokenReused => 400,
            Self::TokenMissing
            | Self::Refused(_)
            | Self::InvalidHandle(_)
            | Self::Revoked { .. }
            | Self::Status(_)
            | Self::StatusListRefused
            | Self::ClientUnknown => 401,
            Self::ScopeMissing(_) | Self::CrossSite | Self::CallerNotAllowed | Self::ClientForbidden => 403,
            Self::SubjectUnknown | Self::StatusListUnknown => 404,
            Self::MethodNotAllowed(_) => 405,
            Self::NotAcceptable => 406,
            Self::BodyTooLarge => 413,
            Self::BodyNotForm | Self::BodyType(_) => 415,
            // RFC 6585 section 4.
            Self::RateLimited(_) => 429,
            Self::Configuration(_) | Self::Platform(_) => 500,
            Self::LedgerNeeded => 501,
            Self::OriginUnreachable => 502,
            Self::StoreUnavailable(_)
            | Self::LedgerUnavailable { .. }
            | Self::KeysUnavailable(_)
            | Self::StatusListUnavailable(_) => 503,
        }
    }

    /// The `error` value of the standard that covers the case: RFC 6750 section 3.1 for bearers, RFC 6749 section 5.2 for
    /// clients. A request without any token gets none, as RFC 6750 wants it.
    pub const fn oauth_error(&self) -> Option<&'static str> {
        match self {
            Self::Refused(_)
            | Self::InvalidHandle(_)
            | Self::Revoked { .. }
            | Self::Status(_)
            | Self::StatusListRefused => Some("invalid_token"),
            Self::ScopeMissing(_) => Some("insufficient_scope"),
            Self::TokenAmbiguous
            | Self::PathAmbiguous
            | Self::MethodNotAllowed(_)
            | Self::NotAcceptable
            | Self::BodyTooLarge
            | Self::BodyNotForm
            | Self::BodyType(_)
            | Self::SubjectUnknown
            | Self::StatusListUnknown
            | Self::LedgerNeeded
            | Self::Parameter(_) => Some("invalid_request"),
            Self::CrossSite | Self::CallerNotAllowed => Some("access_denied"),
            Self::ClientUnknown => Some("invalid_client"),
            Self::GrantTypeUnsupported => Some("unsupported_grant_type"),
            Self::ScopeExceeded => Some("invalid_scope"),
            Self::RefreshTokenReused => Some("invalid_grant"),
            Self::ClientForbidden | Self::ClientMismatch => Some("unauthorized_client"),
            // RFC 6749 section 4.1.2.1.
            Self::RateLimited(_)
            | Self::StoreUnavailable(_)
            | Self::LedgerUnavailable { .. }
            | Self::KeysUnavailable(_)
            | Self::StatusListUnavailable(_)
            | Self::OriginUnreachable => Some("temporarily_unavailable"),
            Self::Configuration(_) | Self::Platform(_) => Some("server_error"),
            Self::TokenMissing => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    const DOCS: &str = include_str!("../../../docs/errors.md");
    const SOURCES: [&str; 3] =
        [include_str!("error.rs"), include_str!("admin/problem.rs"), include_str!("../../core/src/refusal.rs")];

    /// The strings that the arms of `code()` end in.
    fn codes() -> BTreeSet<&'static str> {
        let lines = SOURCES.iter().flat_map(|source| source.lines());
        let arms = lines.filter_map(|line| line.trim().split_once(" => \"")?.1.strip_suffix("\","));
        // Titles of statuses end arms, too.
        arms.filter(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'))
            .collect()
    }

    #[test]
    fn the_table_in_the_docs_has_every_code_and_no_other() {
        let rows = DOCS.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
        let documented: BTreeSet<&str> = rows.map(|(code, _)| code).collect();
        assert!(codes().len() > 30);
        assert_eq!(documented, codes());
    }
}
