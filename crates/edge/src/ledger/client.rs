use std::{cell::RefCell, time::Duration};

use futures_util::future::try_join_all;
use quash_core::{
    Revocation, RevocationId,
    ledger::{ShardCount, ShardHistory},
};
use quash_engine::{
    LedgerRead, Question, STORE_TIMEOUT,
    config::Ledger,
    denylist_key, from_lines,
    ledger::{
        Asked, COUNTS, MOVED, ONCE, USED, first_use_url, once_url, read_counts, remember_url, shard_name, uses_name,
    },
    to_lines,
};
use web_sys::{Request, RequestInit};
use worker::{ObjectNamespace, Response};

use crate::{store::StoreError, within::within};

/// The root keeps the history of counts.
pub(super) const ROOT: u8 = 0;

/// The ledger as a Worker has it: a namespace of Durable Objects, one for each shard.
pub(crate) struct LedgerClient {
    objects: ObjectNamespace,
    count: ShardCount,
    /// How many revocations isolates know exactly.
    exact: u32,
    /// For how many days records of the audit log are kept.
    pub(super) audit_days: u64,
    /// The binding of Workers KV's namespace, which has all revocations as well.
    kv: String,
    /// The root's id: another ledger's copies must not be taken for this one's.
    namespace: String,
    /// As the root last told it.
    history: RefCell<Option<ShardHistory>>,
}

impl LedgerClient {
    /// The ledger of this configuration: there may be more shards by now.
    ///
    /// # Errors
    /// When this is no namespace of Durable Objects.
    pub(crate) fn new(objects: ObjectNamespace, ledger: &Ledger, kv: String) -> worker::Result<Self> {
        let namespace = objects.id_from_name(&shard_name(ROOT))?.to_string();
        let Ledger { terms, exact, audit_days, .. } = *ledger;
        let history = RefCell::new(None);
        Ok(Self { objects, count: terms.shards, exact, audit_days, kv, namespace, history })
    }

    /// What tells the copies of this ledger's from another's.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Where the data centre's cache has the copy of a part of the log.
    pub(crate) fn copy(&self, read: &LedgerRead) -> String {
        format!("{}/{}", read.copy, self.namespace)
    }

    /// Appends revocations, and of each the record at its place to the audit log, if there are any, and comes back when all are durable, and with them that
    /// Workers KV is to have them. It may be repeated. Tells the rows of those ids that had been lifted: as they are now, they count.
    pub(crate) async fn append(
        &self,
        revocations: &[Revocation],
        records: &[String],
    ) -> Result<Vec<Revocation>, StoreError> {
        let appended = async {
            if let Some(lifted) = self.try_append(revocations, records).await? {
                return Ok(lifted);
            }
            // There are more shards by now, as the root tells.
            self.forget_history();
            let lifted = self.try_append(revocations, records).await?;
            lifted.ok_or_else(|| String::from("the ledger is moving"))
        };
        appended.await.map_err(StoreError::write)
    }

    /// `None` if a shard has not taken it.
    async fn try_append(
        &self,
        revocations: &[Revocation],
        records: &[String],
    ) -> Result<Option<Vec<Revocation>>, String> {
        // With the count that holds, which may be greater than the configuration's: look-ups go by it.
        let count = self.raised().await?.current();
        let mut shards: Vec<(u8, String)> = Vec::new();
        for (index, revocation) in revocations.iter().enumerate() {
            let shard = count.shard_of(&revocation.id);
            let mut line = to_lines([revocation]);
            if let Some(record) = records.get(index) {
                line.truncate(line.trim_end().len());
                line.extend(["\t", record, "\n"]);
            }
            add(&mut shards, shard, &line);
        }
        let is_audited = !records.is_empty();
        let questions = shards.iter().map(|(shard, lines)| self.appending(*shard, count, is_audited, lines));
        let (told, _) = self.ask(questions.collect()).await?;
        if told.contains(MOVED) {
            return Ok(None);
        }
        match from_lines(&told) {
            (lifted, None) => Ok(Some(lifted)),
            (_, Some(problem)) => Err(problem),
        }
    }

    /// Whether this is the first time that one of these entries is brought, by anybody; they are kept until they expire.
    pub(crate) async fn use_once(&self, entries: &[Revocation]) -> Result<bool, StoreError> {
        let question = Question { object: ONCE.into(), url: once_url(), body: to_lines(entries) };
        let (answer, _) = self.post(question).await.map_err(StoreError::write)?;
        Ok(answer != USED)
    }

    /// Every entry that there is under these ids, wherever any count of shards has put it.
    pub(crate) async fn entries(&self, ids: &[RevocationId]) -> Result<Vec<Revocation>, StoreError> {
        let found = async {
            let history = self.raised().await?;
            let mut shards: Vec<(u8, String)> = Vec::new();
            for id in ids {
                for shard in history.shards_of(id) {
                    add(&mut shards, shard, &format!("{}\n", denylist_key(*id)));
                }
            }
            let question = |(shard, body)| self.question(Asked::LookUp, shard, history.current(), body);
            let (lines, _) = self.ask(shards.into_iter().map(question).collect()).await?;
            match from_lines(&lines) {
                (entries, None) => Ok(entries),
                (_, Some(problem)) => Err(problem),
            }
        };
        found.await.map_err(StoreError::read)
    }

    /// What a shard tells of itself, a page of its rows or of its audit log, and how many shards there are. `None` for one that there is not:
    /// by asking for it, it would be made.
    pub(crate) async fn page(&self, asked: Asked, shard: u8, body: String) -> Result<Option<(String, u8)>, StoreError> {
        let count = self.raised().await.map_err(StoreError::read)?.current();
        if shard >= count.get() {
            return Ok(None);
        }
        let told = self.post(self.question(asked, shard, count, body)).await;
        told.map(|(told, _)| Some((told, count.get()))).map_err(StoreError::read)
    }

    /// Has a request remembered, and tells what is known of it.
    pub(crate) async fn remember(&self, body: String) -> Result<String, StoreError> {
        let told = self.post(Question { object: ONCE.into(), url: remember_url(), body }).await;
        told.map(|(told, _)| told).map_err(StoreError::write)
    }

    /// How long ago, by the ledger's clock, one of these entries was brought for the first time; `None`: that is now. It may be repeated.
    ///
    /// Each id has an object of its own, and each object its own clock, all of which say about the same: no first use is lost between
    /// peppers, since whoever knows the old one asks by it.
    pub(crate) async fn first_use(&self, entries: &[Revocation]) -> Result<Option<Duration>, StoreError> {
        let questions = entries.iter().map(|entry| Question {
            object: uses_name(&entry.id),
            url: first_use_url(),
            body: to_lines(std::slice::from_ref(entry)),
        });
        let answers = try_join_all(questions.map(|question| self.post(question))).await.map_err(StoreError::write)?;
        let mut first = None;
        for (answer, _) in answers {
            if !answer.is_empty() {
                let millis = answer.parse().map_err(|_| StoreError::write(format!("no time: {answer}")))?;
                first = first.max(Some(Duration::from_millis(millis)));
            }
        }
        Ok(first)
    }

    /// Asks shards what the engine wants to know, and tells what they say, with the history of shards.
    pub(crate) async fn ask(&self, questions: Vec<Question>) -> Result<(String, Option<ShardHistory>), String> {
        let answers = try_join_all(questions.into_iter().map(|question| self.post(question))).await?;
        let history = answers.iter().find_map(|(_, history)| history.clone());
        Ok((answers.into_iter().map(|(body, _)| body).collect(), history))
    }

    /// Reads a part of a shard's log.
    pub(crate) async fn part(&self, object: &str, url: &str) -> Result<Vec<u8>, String> {
        let stub = self.objects.get_by_name(object).map_err(text)?;
        let mut answer = stub.fetch_with_str(url).await.map_err(text)?;
        if answer.status_code() != 200 {
            return Err(format!("answers {}", answer.status_code()));
        }
        answer.bytes().await.map_err(text)
    }

    pub(super) fn forget_history(&self) {
        *self.history.borrow_mut() = None;
    }

    /// The history of shards, once the root has put the configuration's count in force.
    pub(super) async fn raised(&self) -> Result<ShardHistory, String> {
        let known = self.history.borrow().clone();
        match known {
            Some(history) if history.current() >= self.count || history.is_pinned() => Ok(history),
            _ => {
                let (_, history) = self.post(self.appending(ROOT, self.count, false, "")).await?;
                history.ok_or_else(|| "the root tells no history".into())
            }
        }
    }

    fn appending(&self, shard: u8, count: ShardCount, is_audited: bool, lines: &str) -> Question {
        let (exact, body) = (self.exact, format!("{}\n{lines}", self.kv));
        match is_audited {
            false => self.question(Asked::Append { exact }, shard, count, body),
            true => {
                let body = format!("{}\n{body}", self.audit_days);
                self.question(Asked::AppendAudited { exact }, shard, count, body)
            }
        }
    }

    pub(super) fn question(&self, asked: Asked, shard: u8, count: ShardCount, body: String) -> Question {
        Question { object: shard_name(shard), url: asked.url(shard, count), body }
    }

    pub(super) async fn post(&self, question: Question) -> Result<(String, Option<ShardHistory>), String> {
        let late = || Err(format!("no answer in {} s", STORE_TIMEOUT.as_secs()));
        let answer = within(STORE_TIMEOUT, self.try_post(&question)).await.unwrap_or_else(late);
        let (body, history) = answer.map_err(|error| format!("{}: {error}", question.url))?;
        if let Some(history) = &history {
            *self.history.borrow_mut() = Some(history.clone());
        }
        Ok((body, history))
    }

    async fn try_post(
        &self,
        Question { object, url, body }: &Question,
    ) -> Result<(String, Option<ShardHistory>), String> {
        let init = RequestInit::new();
        init.set_method("POST");
        init.set_body(&body.into());
        let request = Request::new_with_str_and_init(url, &init).map_err(|error| text(error.into()))?;
        let stub = self.objects.get_by_name(object).map_err(text)?;
        let mut answer: Response = stub.fetch_with_request(request.into()).await.map_err(text)?;
        let body = answer.text().await.map_err(text)?;
        if answer.status_code() != 200 && body != MOVED {
            return Err(format!("answers {}: {body}", answer.status_code()));
        }
        let counts = answer.headers().get(COUNTS).map_err(text)?;
        Ok((body, counts.as_deref().and_then(read_counts)))
    }
}

/// Adds a line to those of a shard.
fn add(shards: &mut Vec<(u8, String)>, shard: u8, line: &str) {
    match shards.iter_mut().find(|(known, _)| *known == shard) {
        Some((_, lines)) => lines.push_str(line),
        None => shards.push((shard, line.into())),
    }
}

fn text(error: worker::Error) -> String {
    error.to_string()
}
