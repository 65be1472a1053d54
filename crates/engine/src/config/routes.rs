use super::{ConfigError, NEEDED, document, each};
use crate::{
    path::PathPattern,
    policy::{Policies, Policy},
};

/// The policies of the routes that have one of their own.
pub(super) fn policies(documents: &[document::Route], has_ledger: bool) -> Result<Policies, ConfigError> {
    let mut policies = Policies::default();
    for (index, document) in documents.iter().enumerate() {
        let field = format!("routes[{index}]");
        let path = PathPattern::parse(&document.path)
            .map_err(|invalid| ConfigError::new(format_args!("{field}.path"), invalid))?;
        let mut policy = Policy::new();
        for audience in &document.audiences {
            policy = policy.audience(audience);
        }
        let scopes = each(&format!("{field}.scopes"), &document.scopes, |scope| {
            let valid = !scope.is_empty() && scope.bytes().all(is_scope_character);
            valid.then(|| scope.clone()).ok_or_else(|| "is no scope (RFC 6749 section 3.3)".into())
        })?;
        for scope in scopes {
            policy = policy.scope(scope);
        }
        if document.optional {
            policy = policy.optional();
        }
        if let Some(mode) = document.mode {
            if mode.needs_ledger() && !has_ledger {
                return Err(ConfigError::new(format_args!("{field}.mode"), NEEDED));
            }
            policy = policy.mode(mode);
        }
        policy = policy.outage(document.outage);
        policies.routes.push((path, policy.into()));
    }
    Ok(policies)
}

/// RFC 6749 appendix A.4: printable, without space, quote and backslash.
const fn is_scope_character(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\')
}
