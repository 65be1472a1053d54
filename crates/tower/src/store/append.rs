use quash_core::Revocation;
use quash_engine::denylist_key;

use super::{
    RedisStore, StoreError,
    answer::{list, number, text},
    row,
    script::APPEND,
};

/// How often a row is tried again because another writer came before. Fifty at once that never agree need fifty.
const MAX_TRIES: usize = 1000;

/// How many rows are given to one call: Redis answers nobody else meanwhile, for about a millisecond.
const MAX_ROWS: usize = 128;

/// A row to be added, merged with what was found under its key, and that as it is stored.
struct Pending {
    row: Revocation,
    believed: String,
}

/// Adds rows. What two rows come to is not known to Redis: it is asked to compare and set.
pub(super) async fn append(store: &RedisStore, rows: &[Revocation]) -> Result<(), StoreError> {
    let mut pending: Vec<Pending> = rows.iter().map(|row| Pending { row: *row, believed: String::new() }).collect();
    for _ in 0..MAX_TRIES {
        let mut again = Vec::new();
        for rows in pending.chunks(MAX_ROWS) {
            again.extend(compare_and_set(store, rows).await?);
        }
        if again.is_empty() {
            return Ok(());
        }
        pending = again;
    }
    Err(StoreError::Conflict(MAX_TRIES))
}

/// Gives back those that something else was found for, merged with that, unless it says all that they do.
async fn compare_and_set(store: &RedisStore, pending: &[Pending]) -> Result<Vec<Pending>, StoreError> {
    let args: Vec<String> = pending
        .iter()
        .flat_map(|Pending { row, believed }| {
            let expires_at = row.expires_at.as_millis().to_string();
            [denylist_key(row.id), believed.clone(), row::write(row), expires_at]
        })
        .collect();
    let answer = store.run(&APPEND, &args).await?;
    let mut again = Vec::new();
    for conflict in list(&answer)?.chunks(2) {
        let [place, found] = conflict else { return Err(StoreError::Answer) };
        let (place, found) = (number(text(place)?)?, text(found)?);
        let Some(Pending { row, .. }) = pending.get(place as usize) else { return Err(StoreError::Answer) };
        if found.is_empty() {
            // Expired since it was found: there is nothing to merge with.
            again.push(Pending { row: *row, believed: String::new() });
            continue;
        }
        let merged = row::read(row.id, found)?.renewed(*row);
        if row::write(&merged) != found {
            again.push(Pending { row: merged, believed: found.to_owned() });
        }
    }
    Ok(again)
}
