//! What a Worker asks of the objects that keep status lists.

use quash_core::Revocation;
use quash_engine::{
    NEARBY, Question, STORE_TIMEOUT, StatusMark,
    ledger::{Asked, status_list_name, status_list_url},
    to_lines,
};

use super::LedgerClient;
use crate::{store::StoreError, within::within};

impl LedgerClient {
    /// Marks places, and comes back when that is durable. It may be repeated. Tells which lists have changed.
    pub(crate) async fn mark(&self, marks: &[StatusMark]) -> Result<Vec<u64>, StoreError> {
        let mut lists: Vec<(u64, String)> = Vec::new();
        for mark in marks {
            match lists.iter_mut().find(|(list, _)| *list == mark.place.list) {
                Some((_, lines)) => lines.push_str(&mark.lines()),
                None => lists.push((mark.place.list, mark.lines())),
            }
        }
        let changed = lists.iter().map(|(list, _)| *list).collect();
        let questions = lists.into_iter().map(|(list, lines)| question(list, Asked::Mark, lines));
        self.ask(questions.collect()).await.map_err(StoreError::write)?;
        Ok(changed)
    }

    /// Has no place of these lists marked any more by an entry that was lifted. Which of them it is in nobody knows.
    pub(crate) async fn unmark(&self, lifted: &Revocation, lists: &[u64]) -> Result<(), StoreError> {
        let questions = lists.iter().map(|list| question(*list, Asked::Unmark, to_lines([lifted])));
        self.ask(questions.collect()).await.map(drop).map_err(StoreError::write)
    }

    /// The bytes of a list of so many places.
    pub(crate) async fn status_list(&self, list: u64, size: u64) -> Result<Vec<u8>, StoreError> {
        let (object, url) = (status_list_name(list), status_list_url(Asked::StatusList { size }));
        let late = || Err(format!("no answer in {} s", STORE_TIMEOUT.as_secs()));
        let answer = within(STORE_TIMEOUT, self.part(&object, &url)).await.unwrap_or_else(late);
        answer.map_err(|error| StoreError::read(format!("{object}: {error}")))
    }

    /// Where the data centre's cache has a list as it is published.
    pub(crate) fn status_list_copy(&self, list: u64) -> String {
        format!("{NEARBY}status-lists/{list}/{}", self.namespace())
    }
}

fn question(list: u64, asked: Asked, body: String) -> Question {
    Question { object: status_list_name(list), url: status_list_url(asked), body }
}
