use quash_core::{Revocation, Timestamp, ledger::Span};
use quash_engine::{LogPart, read_key};
use redis::Value;

use super::{
    StoreError,
    answer::{list, number, text, texts},
    row,
    tail::{Numbered, Tail},
};

pub(super) use super::script::READ;

/// A part of the log.
#[derive(Debug, PartialEq, Eq)]
pub struct LogRead {
    epoch: u64,
    span: Span,
    head: u64,
    rows: Vec<Revocation>,
}

impl LogRead {
    /// As a follower is told of it.
    pub fn part(&self) -> LogPart<'_> {
        LogPart { epoch: self.epoch, span: self.span, head: self.head, rows: &self.rows }
    }
}

/// What Redis answered: the rows of a part, or only those above a number of it that the asker has read up to.
pub(super) struct Answer {
    pub(super) epoch: u64,
    pub(super) span: Span,
    pub(super) head: u64,
    /// This number, or where the span begins.
    pub(super) since: u64,
    /// By the clock of Redis.
    pub(super) now: Timestamp,
    pub(super) rows: Vec<Numbered>,
}

impl Answer {
    /// The part, all of whose rows are these.
    pub(super) fn of(&self, whole: &Tail) -> LogRead {
        LogRead { epoch: self.epoch, span: self.span, head: self.head, rows: whole.rows().collect() }
    }
}

/// Reads what the script answers: a list of the epoch, the span's two ends, the head, the number above which rows follow, and the
/// time; then of these rows a list of keys, one of numbers (but for a page, which nothing is added to), and the rows in as many
/// lists as it takes.
pub(super) fn parse(answer: &Value) -> Result<Answer, StoreError> {
    let [about, keys, numbers, lists @ ..] = list(answer)? else { return Err(StoreError::Answer) };
    let [epoch, from, to, head, since, now] = texts(about)?[..] else { return Err(StoreError::Answer) };
    let (keys, numbers) = (texts(keys)?, texts(numbers)?);
    let mut found = Vec::with_capacity(keys.len());
    for list_of_rows in lists {
        found.extend(list(list_of_rows)?);
    }
    // There may be as many as there should be, but others, when somebody wrote by hand.
    if found.len() != keys.len() {
        return Err(StoreError::Answer);
    }
    let mut rows = Vec::with_capacity(keys.len());
    for (at, (key, found)) in keys.iter().zip(found).enumerate() {
        let unreadable = || StoreError::Incomplete(format!("the row {key} cannot be read"));
        let id = read_key(key).ok_or_else(unreadable)?;
        let row = row::read(id, text(found).map_err(|_| unreadable())?)?;
        rows.push(Numbered { number: numbers.get(at).map_or(Ok(0), |text| number(text))?, row });
    }
    Ok(Answer {
        epoch: u64::from_str_radix(epoch, 16).map_err(|_| StoreError::Answer)?,
        span: Span { from: number(from)?, to: number(to)? },
        head: number(head)?,
        since: number(since)?,
        now: Timestamp::from_millis(number(now)?),
        rows,
    })
}
