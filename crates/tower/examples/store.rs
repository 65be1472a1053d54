//! Stores of servers' processes, for tests that ask the same of them as of those in Node.js: `tests/server/stores.test.ts`.
//!
//! Each line read is `[number, store, what, about]`. It is answered by a line `[number, answer]`, or `[number, null, { code, message }]`;
//! whichever is answered first comes first. A row is `{ key, entry, expiresAt }`, as it is in `quash/redis`.
//!
//! - `open`, `{ redis | cluster, prefix?, timeout? }`: makes the store of this number, over a server or a cluster's masters;
//! - `append`, rows; `lookUp`, keys; `read`, `"head"` or the number of a page: what the store does;
//! - `close`: drops it, and with it its connection.

use std::{
    collections::HashMap,
    error::Error,
    io::{self, BufRead},
    sync::Arc,
    time::Duration,
};

use quash_core::{Revocation, ledger::Part};
use quash_engine::{denylist_key, read_key};
use quash_tower::{RedisStore, StoreError};
use redis::cluster::ClusterClient;
use serde_json::{Value, json};

type AnyError = Box<dyn Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), AnyError> {
    let mut stores: HashMap<u64, Arc<RedisStore>> = HashMap::new();
    for line in io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line?)?;
        let (number, name) = (asked[0].clone(), asked[1].as_u64().ok_or("a store has a number")?);
        match text(&asked[2])? {
            "open" => {
                let opened = open(&asked[3]).await.map(|store| stores.insert(name, Arc::new(store)));
                answer(&number, opened.map(|_| Value::Null));
            }
            "close" => {
                stores.remove(&name);
                answer(&number, Ok(Value::Null));
            }
            _ => {
                let store = Arc::clone(stores.get(&name).ok_or("no such store is open")?);
                tokio::spawn(async move {
                    answer(&asked[0], ask(&store, &asked).await);
                });
            }
        }
    }
    Ok(())
}

async fn open(about: &Value) -> Result<RedisStore, AnyError> {
    let mut store = match about["cluster"].as_array() {
        None => RedisStore::connect(text(&about["redis"])?).await?,
        Some(masters) => {
            let masters = masters.iter().map(text).collect::<Result<Vec<_>, _>>()?;
            RedisStore::new(ClusterClient::new(masters)?.get_async_connection().await?)
        }
    };
    if let Some(prefix) = about["prefix"].as_str() {
        store = store.with_prefix(prefix)?;
    }
    Ok(match about["timeout"].as_u64() {
        Some(timeout) => store.with_timeout(Duration::from_millis(timeout)),
        None => store,
    })
}

async fn ask(store: &RedisStore, asked: &Value) -> Result<Value, AnyError> {
    let about = &asked[3];
    Ok(match text(&asked[2])? {
        "append" => {
            store.append(&list(about)?.iter().map(row).collect::<Result<Vec<_>, _>>()?).await?;
            Value::Null
        }
        "lookUp" => {
            let keys = list(about)?.iter().map(text).collect::<Result<Vec<_>, _>>()?;
            let ids = keys.into_iter().map(read_key).collect::<Option<Vec<_>>>().ok_or("a key is no key")?;
            store.look_up(&ids).await?.iter().map(told).collect()
        }
        "read" => {
            let part = about.as_u64().map_or(Part::Head, Part::Page);
            let read = store.read(part).await?;
            let part = read.part();
            json!({
                "epoch": format!("{:016x}", part.epoch),
                "from": part.span.from,
                "to": part.span.to,
                "head": part.head,
                "rows": part.rows.iter().map(told).collect::<Value>(),
            })
        }
        other => return Err(format!("what is {other}?").into()),
    })
}

/// Each answer is a line, which nothing else is printed into.
fn answer(number: &Value, answer: Result<Value, AnyError>) {
    match answer {
        Ok(answer) => println!("{}", json!([number, answer])),
        Err(error) => {
            let code = error.downcast_ref().map_or("unknown", code);
            println!("{}", json!([number, null, { "code": code, "message": error.to_string() }]));
        }
    }
}

/// As `quash/redis` names it.
fn code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Incomplete(_) => "store_incomplete",
        StoreError::Conflict(_) => "store_conflict",
        _ => "store_unavailable",
    }
}

fn row(told: &Value) -> Result<Revocation, AnyError> {
    let id = read_key(text(&told["key"])?).ok_or("a key is no key")?;
    Ok(Revocation::from_entry(id, text(&told["entry"])?)?)
}

fn told(row: &Revocation) -> Value {
    json!({ "key": denylist_key(row.id), "entry": row.to_entry(), "expiresAt": row.expires_at.as_millis() })
}

fn list(value: &Value) -> Result<&Vec<Value>, AnyError> {
    Ok(value.as_array().ok_or_else(|| format!("{value} is no list"))?)
}

fn text(value: &Value) -> Result<&str, AnyError> {
    Ok(value.as_str().ok_or_else(|| format!("{value} is no text"))?)
}
