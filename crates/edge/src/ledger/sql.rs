//! What goes into SQLite and comes out of it.

use worker::{Result, SqlCursor, SqlStorage, SqlStorageValue as Value};

/// By name what has to be kept besides rows.
pub(super) const KEPT: &str = "CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL)";

pub(super) fn kept(sql: &SqlStorage, name: &str) -> Result<Option<Value>> {
    let cursor = sql.exec("SELECT value FROM kept WHERE name = ?", vec![name.into()])?;
    Ok(first_row(&cursor)?.map(|[value]| value))
}

pub(super) fn keep(sql: &SqlStorage, name: &str, value: Value) -> Result<()> {
    // In its place, which costs one row; to replace it costs two.
    let keep = "INSERT INTO kept VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    sql.exec(keep, vec![name.into(), value]).map(drop)
}

/// Numbers that are kept under a name.
pub(super) fn kept_numbers<const N: usize>(sql: &SqlStorage, name: &str) -> Result<Option<[u64; N]>> {
    let Some(value) = kept(sql, name)?.map(bytes).transpose()? else { return Ok(None) };
    let numbers: Vec<_> = value.as_chunks().0.iter().map(|number| u64::from_be_bytes(*number)).collect();
    numbers.try_into().map(Some).map_err(|_| "the ledger has lost a number".into())
}

pub(super) fn blob(numbers: &[u64]) -> Value {
    Value::Blob(numbers.iter().flat_map(|number| number.to_be_bytes()).collect())
}

/// Numbers of a log are far from 2⁵³.
pub(super) fn integer(number: u64) -> Value {
    Value::Integer(number as i64)
}

pub(super) fn first_row<const N: usize>(cursor: &SqlCursor) -> Result<Option<[Value; N]>> {
    cursor.raw().next().map(|values| columns(values?)).transpose()
}

pub(super) fn columns<const N: usize>(values: Vec<Value>) -> Result<[Value; N]> {
    values.try_into().map_err(|_| "a row of another shape".into())
}

pub(super) fn number(value: Value) -> Result<u64> {
    match value {
        Value::Integer(number) => Ok(number as u64),
        Value::Float(number) => Ok(number as u64),
        _ => Err("is no number".into()),
    }
}

pub(super) fn text(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err("is no text".into()),
    }
}

pub(super) fn bytes(value: Value) -> Result<Vec<u8>> {
    match value {
        Value::Blob(bytes) => Ok(bytes),
        _ => Err("is no blob".into()),
    }
}
