use super::Field;
use crate::status::{MIN_LIFETIME, StatusTerms, problem};

/// The longest that a list may be taken as it was read: a day; and the longest by default.
const MAX_AGE_SECS: u64 = 24 * 60 * 60;
const AGE_SECS: u64 = 60 * 60;

/// How an issuer's status lists are checked, if they are.
pub(super) fn terms(field: &Field<'_, '_>, issuer: &str) -> Option<StatusTerms> {
    if !field.is_there() {
        return None;
    }
    field.table(&["uris", "required", "max_age"]);
    let (uris, max_age) = (field.member("uris"), field.member("max_age"));
    let terms = StatusTerms {
        issuer: issuer.into(),
        uris: uris.required().texts_that(problem),
        required: field.member("required").is_true(),
        max_age: max_age.seconds(AGE_SECS, MAX_AGE_SECS),
    };
    if terms.uris.is_empty() {
        uris.wrong(&"at least one is needed");
    }
    if terms.max_age < MIN_LIFETIME {
        max_age.wrong(&format_args!("at least {} seconds", MIN_LIFETIME.as_secs()));
    }
    Some(terms)
}
