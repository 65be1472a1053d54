use alloc::borrow::Cow;

use thiserror::Error;

/// Why a token is not accepted. Always the bearer's problem, never ours: outages have their own error in the host.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The text is not a token.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// `alg` is `none`, unknown, or not the algorithm of the key.
    #[error("the token's algorithm is not the one its key is for")]
    AlgorithmRefused,
    /// `typ`, or a claim that only one kind has, says that the token is of another kind: where an access token is needed, an
    /// ID, logout or event token.
    #[error("the token is not of the kind that is needed here")]
    TypeRefused,
    /// No `iss`, or one that is not configured.
    #[error("the token's issuer is not known here")]
    IssuerUnknown,
    /// The issuer has no key with the token's `kid`.
    #[error("the token's signing key is not known here")]
    KeyUnknown,
    /// The signature does not match.
    #[error("the token's signature does not match")]
    SignatureInvalid,
    /// `exp` has passed, leeway included.
    #[error("the token has expired")]
    Expired,
    /// `nbf` or `iat` lies in the future, leeway included.
    #[error("the token is not valid yet")]
    NotYetValid,
    /// A logout token without the event that makes it one, or with what it must not have.
    #[error("the token is not a logout token: {0}")]
    NotALogoutToken(&'static str),
    /// A security event token without events, or with what it must not have.
    #[error("the token is not a security event token: {0}")]
    NotAnEventToken(&'static str),
    /// A status list of something else.
    #[error("the token is not the status list that is needed here: {0}")]
    NotAStatusListToken(&'static str),
    /// An event about a subject that is named in no way we know, or by another issuer's name.
    #[error("the event's subject is not one that can be revoked here")]
    SubjectUnsupported,
    /// `aud` names nobody that we are.
    #[error("the token is meant for another audience")]
    AudienceMismatch,
    /// A claim that the issuer's policy needs is not there.
    #[error("the token has no `{0}` claim")]
    ClaimMissing(Cow<'static, str>),
    /// `exp - iat` is longer than the issuer's tokens may live, so no denylist entry could be sure to outlive it.
    #[error("the token lives longer than its issuer's tokens may")]
    LifetimeTooLong,
}

impl Refusal {
    /// The stable code, the same string in Rust, in TypeScript and on the wire.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Malformed(malformed) => malformed.code(),
            Self::AlgorithmRefused => "algorithm_refused",
            Self::TypeRefused => "type_refused",
            Self::IssuerUnknown => "issuer_unknown",
            Self::KeyUnknown => "key_unknown",
            Self::SignatureInvalid => "signature_invalid",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::NotALogoutToken(_) => "logout_token_invalid",
            Self::NotAnEventToken(_) => "event_token_invalid",
            Self::NotAStatusListToken(_) => "status_list_invalid",
            Self::SubjectUnsupported => "subject_unsupported",
            Self::AudienceMismatch => "audience_mismatch",
            Self::ClaimMissing(_) => "claim_missing",
            Self::LifetimeTooLong => "lifetime_too_long",
        }
    }
}

/// Why a text is not a compact JWS with a JWT inside (RFC 7515 section 3.1, RFC 7519 section 7.2).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// Longer than [`MAX_TOKEN_BYTES`](crate::MAX_TOKEN_BYTES), or of more values than there is room for in that.
    #[error("the token is too large")]
    TooLarge,
    /// Not exactly three segments.
    #[error("the token does not have three segments")]
    Segments,
    /// Padding, whitespace, a foreign letter, or spare bits that are not zero.
    #[error("a segment of the token is not canonical base64url")]
    Base64Url,
    /// Not JSON, or something after it.
    #[error("a segment of the token is not JSON")]
    Json,
    /// JSON, but not an object.
    #[error("a segment of the token is not a JSON object")]
    NotAnObject,
    /// The same member twice in one object.
    #[error("a member name appears twice in the token")]
    DuplicateMember,
    /// Arrays and objects nested too deep.
    #[error("the token is nested too deep")]
    Nesting,
    /// `crit`, or `b64`: an extension that we do not implement must not be ignored (RFC 7515 section 4.1.11).
    #[error("the token's header asks for an extension that is not supported")]
    Extension,
    /// A header parameter of the wrong type, or no `alg`.
    #[error("the header parameter `{0}` is missing or of the wrong type")]
    Header(&'static str),
    /// A claim of the wrong type or outside its range.
    #[error("the claim `{0}` is of the wrong type or out of range")]
    Claim(Cow<'static, str>),
}

impl Malformed {
    /// The stable code, as [`Refusal::code`].
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TooLarge => "token_too_large",
            Self::Segments => "token_segments",
            Self::Base64Url => "token_base64url",
            Self::Json => "token_json",
            Self::NotAnObject => "token_not_object",
            Self::DuplicateMember => "token_duplicate_member",
            Self::Nesting => "token_nesting",
            Self::Extension => "token_extension",
            Self::Header(_) => "header_invalid",
            Self::Claim(_) => "claim_invalid",
        }
    }
}
