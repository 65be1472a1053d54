//! Reads what a script answers.

use redis::Value;

use super::StoreError;

pub(super) fn list(value: &Value) -> Result<&[Value], StoreError> {
    match value {
        Value::Array(values) => Ok(values),
        _ => Err(StoreError::Answer),
    }
}

pub(super) fn text(value: &Value) -> Result<&str, StoreError> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).map_err(|_| StoreError::Answer),
        Value::SimpleString(text) => Ok(text),
        _ => Err(StoreError::Answer),
    }
}

pub(super) fn texts(value: &Value) -> Result<Vec<&str>, StoreError> {
    list(value)?.iter().map(text).collect()
}

/// A number of the log, or a time. Redis writes scores as doubles: whole up to 2⁵³.
pub(super) fn number(text: &str) -> Result<u64, StoreError> {
    let number: f64 = text.parse().map_err(|_| StoreError::Answer)?;
    let is_whole = (0. ..=9_007_199_254_740_992.).contains(&number) && number.fract() == 0.;
    is_whole.then_some(number as u64).ok_or(StoreError::Answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_redis_writes_them() {
        for (text, expected) in [("0", Some(0)), ("1024", Some(1024)), ("1e+15", Some(1_000_000_000_000_000))] {
            assert_eq!(number(text).ok(), expected, "{text}");
        }
        assert_eq!(number("9007199254740991").ok(), Some(9_007_199_254_740_991));
        for wrong in ["", "x", "-1", "0.5", "nan", "inf", "1e300"] {
            assert!(number(wrong).is_err(), "{wrong}");
        }
    }
}
