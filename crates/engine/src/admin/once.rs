//! Requests that are repeated (draft-ietf-httpapi-idempotency-key-header): the ledger remembers when one came first, and what it was
//! answered. Whoever repeats "everything until now" after twenty minutes must not end what was begun since.

use std::time::Duration;

use quash_core::{Peppers, Timestamp};

use super::Problem;
use crate::error::Error;

/// How long a key is remembered.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest key, in letters.
const MAX_KEY: usize = 255;

/// A key and what came with it, as the ledger knows them: hashes under the pepper.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey {
    id: String,
    fingerprint: String,
}

/// What the ledger knows of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remembered {
    /// It came first at this time, and has not been answered.
    Since(Timestamp),
    /// It was answered so.
    Answered(String),
}

impl IdempotencyKey {
    /// Reads the header of a client's request with this media type and body: a text as in structured fields (RFC 9651 section 3.3.3),
    /// or the same without its quotes.
    ///
    /// # Errors
    /// [`Error::Parameter`].
    pub fn read(header: &str, client: &str, media_type: &str, body: &[u8], peppers: &Peppers) -> Result<Self, Error> {
        let header = header.trim();
        let key = header.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(header);
        let is_plain = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        if key.is_empty() || key.len() > MAX_KEY || !is_plain {
            return Err(Error::Parameter("Idempotency-Key"));
        }
        let hash = |parts: &[&[u8]]| peppers.current().fingerprint(parts).to_string();
        let (client, key) = (client.as_bytes(), key.as_bytes());
        Ok(Self { id: hash(&[client, key]), fingerprint: hash(&[client, key, media_type.as_bytes(), body]) })
    }

    /// What the ledger is told: of a request that comes at this time, or the answer that was made to it.
    pub fn body(&self, asked_at: Timestamp, answer: &str) -> String {
        let (asked_at, until) = (asked_at.as_millis(), asked_at.plus(REMEMBERED).as_millis());
        format!("{} {} {asked_at} {until}\n{answer}", self.id, self.fingerprint)
    }

    /// What it says to that: when the request came first and what it was answered, or that it was another one.
    ///
    /// # Errors
    /// [`Problem::IdempotencyKeyReused`]; [`Error::StoreUnavailable`] when it says something else.
    pub fn remembered(told: &str) -> Result<Remembered, Problem> {
        if told == crate::ledger::ANOTHER {
            return Err(Problem::IdempotencyKeyReused);
        }
        let read = told.split_once('\n').and_then(|(millis, answer)| Some((millis.parse().ok()?, answer)));
        match read {
            Some((millis, "")) => Ok(Remembered::Since(Timestamp::from_millis(millis))),
            Some((_, answer)) => Ok(Remembered::Answered(answer.into())),
            None => Err(Error::StoreUnavailable("the ledger remembers something else".into()).into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use quash_core::Pepper;

    use super::*;

    fn key(header: &str, client: &str, body: &str) -> Result<IdempotencyKey, Error> {
        let peppers = Peppers::new(vec![Pepper::new(&[7; 32]).unwrap()]).unwrap();
        IdempotencyKey::read(header, client, "application/json", body.as_bytes(), &peppers)
    }

    #[test]
    fn a_key_is_its_clients_and_stands_for_one_body() {
        let one = key("\"abc\"", "a", "{}").unwrap();
        assert_eq!(key(" abc ", "a", "{}").unwrap(), one);
        for (other, is_same_id) in
            [(key("abc", "b", "{}"), false), (key("abd", "a", "{}"), false), (key("abc", "a", "{ }"), true)]
        {
            let other = other.unwrap();
            assert_eq!(other.id == one.id, is_same_id);
            assert_ne!(other.fingerprint, one.fingerprint);
        }
        // What is a client's and what is a key's is told apart.
        assert_ne!(key("bc", "a", "{}").unwrap().id, key("c", "ab", "{}").unwrap().id);
        for wrong in ["", "\"\"", "a b", "\"a\"b\"", "a\\b", "\u{e9}", &"a".repeat(256)] {
            assert!(matches!(key(wrong, "a", "{}"), Err(Error::Parameter("Idempotency-Key"))), "{wrong}");
        }
    }

    #[test]
    fn the_ledger_says_since_when_and_what() {
        let asked = key("abc", "a", "{}").unwrap().body(Timestamp::from_secs(1), "");
        assert!(asked.ends_with(" 1000 86401000\n"));
        assert_eq!(IdempotencyKey::remembered("1000\n").unwrap(), Remembered::Since(Timestamp::from_secs(1)));
        assert_eq!(IdempotencyKey::remembered("1000\n{}\n{}").unwrap(), Remembered::Answered("{}\n{}".into()));
        assert!(matches!(IdempotencyKey::remembered("another"), Err(Problem::IdempotencyKeyReused)));
        assert!(matches!(IdempotencyKey::remembered(""), Err(Problem::Error(Error::StoreUnavailable(_)))));
    }
}
