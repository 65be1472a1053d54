//! A token as serde_json reads it, and what the standards say of that: core's own reading is held against this one.

use std::{iter, time::Duration};

use quash_core::{Claims, Timestamp};
use serde_json::{Map, Value};

use crate::{LEEWAY, MAX_LIFETIME, NOW};

pub struct Reading {
    header: Map<String, Value>,
    claims: Map<String, Value>,
}

impl Reading {
    /// # Panics
    /// When a segment is no JSON object: core must not have accepted the token.
    pub fn of(header: &[u8], payload: &[u8]) -> Self {
        let object = |json| serde_json::from_slice(json).unwrap();
        Self { header: object(header), claims: object(payload) }
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.header.get(name).map(|value| value.as_str().unwrap())
    }

    /// A claim that is a string where it is.
    pub fn claim(&self, name: &str) -> Option<&str> {
        self.claims.get(name).map(|value| value.as_str().unwrap())
    }

    pub fn value(&self, claim: &str) -> Option<&Value> {
        self.claims.get(claim)
    }

    pub fn has(&self, claim: &str) -> bool {
        self.claims.contains_key(claim)
    }

    pub fn audiences(&self) -> Vec<&str> {
        match self.claims.get("aud") {
            None => vec![],
            Some(Value::Array(items)) => items.iter().map(|item| item.as_str().unwrap()).collect(),
            Some(one) => vec![one.as_str().unwrap()],
        }
    }

    pub fn time(&self, name: &str) -> Option<Timestamp> {
        Some(Timestamp::from_millis(thousandths(&self.claims.get(name)?.as_number().unwrap().to_string())))
    }

    pub fn client(&self) -> Option<&str> {
        self.claim("client_id").or(self.claim("azp"))
    }

    /// Whether the media type `typ` is that of `subtype` (RFC 7515 section 4.1.9).
    pub fn is_typed(&self, subtype: &str) -> bool {
        let named = self.parameter("typ").map(str::to_ascii_lowercase).unwrap_or_default();
        named.strip_prefix("application/").unwrap_or(&named) == subtype
    }

    /// Whether it says no more than that this is a JWT.
    pub fn is_untyped(&self) -> bool {
        self.parameter("typ").is_none() || self.is_typed("jwt")
    }

    pub fn has_begun(&self) -> bool {
        let iat = self.time("iat");
        iat.is_some() && iat.max(self.time("nbf")) <= Some(NOW.plus(LEEWAY))
    }

    /// Whether the token is in force, and no longer than it may be.
    pub fn is_in_force(&self) -> bool {
        let (Some(exp), Some(iat)) = (self.time("exp"), self.time("iat")) else { return false };
        let lifetime = Duration::from_millis(exp.as_millis().saturating_sub(iat.as_millis()));
        self.has_begun() && NOW < exp.plus(LEEWAY) && lifetime <= MAX_LIFETIME
    }

    /// # Panics
    /// When core reads something else.
    pub fn assert_agrees(&self, claims: &Claims) {
        assert_eq!(claims.issuer(), self.claim("iss"));
        assert_eq!(claims.subject(), self.claim("sub"));
        assert_eq!(claims.token_id(), self.claim("jti"));
        assert_eq!(claims.session(), self.claim("sid"));
        assert_eq!(claims.client(), self.client());
        assert!(claims.audiences().eq(self.audiences()));
        assert_eq!(claims.expires_at(), self.time("exp"));
        assert_eq!(claims.not_before(), self.time("nbf"));
        assert_eq!(claims.issued_at(), self.time("iat"));
        for (name, value) in &self.claims {
            assert!(claims.has(name));
            assert_eq!(claims.string(name), value.as_str());
        }
    }
}

/// The thousandths of a number that is not negative, without what is less than one: by moving the point in its text.
fn thousandths(number: &str) -> u64 {
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (before, behind) = digits.split_once('.').unwrap_or((digits, ""));
    let before = before.trim_start_matches('-');
    let digits = [before, behind].concat();
    if digits.bytes().all(|digit| digit == b'0') {
        return 0;
    }
    assert!(!number.starts_with('-'));
    let left = before.len() as i64 + exponent.parse::<i64>().unwrap_or(i64::MIN / 2) + 3;
    let moved: String = digits.chars().chain(iter::repeat('0')).take(left.try_into().unwrap_or(0)).collect();
    if moved.is_empty() { 0 } else { moved.parse().unwrap() }
}
