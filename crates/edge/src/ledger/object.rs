use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use quash_core::{
    Revocation, RevocationId, Timestamp,
    ledger::{Part, ShardCount},
};
use quash_engine::{
    StatusMark, from_lines,
    ledger::{Asked, COUNTS, MOVED, USED, write_counts},
    read_key, to_lines,
};
use worker::{Env, Request, Response, Result, State};

use super::log::{COPY_AFTER, Log};
use crate::{
    guard::now,
    store::{KvDenylist, StoreError},
};

/// How long a row that has expired may stay: what is removed together costs less.
const SWEEP_EVERY: Duration = Duration::from_secs(15 * 60);

/// How soon the rest is removed, where there was too much for one time.
const SWEEP_ON_AFTER: Duration = Duration::from_secs(1);

/// How often Workers KV is tried in vain at a time.
const MAX_FAILURES: usize = 3;

/// How often an alarm looks what Workers KV has, for 100 rows each time: a shard takes no more than 10 000 in between.
const MAX_LOOKS: usize = 100;

/// The most places of a status list, whatever is asked for: the configuration allows no more.
const MAX_PLACES: u64 = 1 << 20;

/// How soon segments are gone on with: between two steps, whoever waits has his turn.
const BUILD_ON_AFTER: Duration = Duration::from_secs(1);

/// A shard of the ledger, for the Durable Object of a Worker: it has the same two events.
///
/// ```no_run
/// use quash_edge::LedgerObject;
/// use worker::{DurableObject, Env, Request, Response, Result, State, durable_object};
///
/// #[durable_object(alarm)]
/// pub struct Ledger(LedgerObject);
///
/// impl DurableObject for Ledger {
///     fn new(state: State, env: Env) -> Self {
///         Self(LedgerObject::new(state, env))
///     }
///
///     async fn fetch(&self, request: Request) -> Result<Response> {
///         self.0.fetch(request).await
///     }
///
///     async fn alarm(&self) -> Result<Response> {
///         self.0.alarm().await
///     }
/// }
/// # fn main() {}
/// ```
pub struct LedgerObject {
    state: State,
    env: Env,
    log: RefCell<Option<Log>>,
    /// When Workers KV was last looked after.
    looked_at: Cell<Timestamp>,
}

impl LedgerObject {
    /// The object of this state. It reads its log when it is first asked.
    pub fn new(state: State, env: Env) -> Self {
        Self { state, env, log: RefCell::new(None), looked_at: Cell::new(Timestamp::from_millis(0)) }
    }

    /// Answers a Worker of the deployment.
    ///
    /// # Errors
    /// When storage fails. The platform then starts the object again, and whoever asked knows of no answer.
    pub async fn fetch(&self, mut request: Request) -> Result<Response> {
        let Some((shard, asked, count)) = Asked::read(&request.inner().url()) else {
            return Ok(Response::empty()?.with_status(404));
        };
        let mut answer = match asked {
            Asked::Part(Part::Segment { seq, slice }) => match self.with_log(|log| log.segment(seq, slice))? {
                Some(segment) => Response::from_bytes(segment)?,
                None => Response::empty()?.with_status(404),
            },
            Asked::Part(part) => Response::from_bytes(self.with_log(|log| log.part(shard, part, count))?)?,
            Asked::Append { exact } => self.append(shard, count, exact, None, &request.text().await?).await?,
            Asked::AppendAudited { exact } => {
                let body = request.text().await?;
                match body.split_once('\n').and_then(|(days, lines)| Some((days.parse().ok()?, lines))) {
                    Some((days, lines)) => self.append(shard, count, exact, Some(days), lines).await?,
                    None => Response::error("no number of days", 400)?,
                }
            }
            Asked::List => self.list(&request.text().await?)?,
            Asked::Audit => self.audit(&request.text().await?)?,
            Asked::Remember => {
                let told = request.text().await?;
                let remembered = self.with_log(|log| log.requests.remember(&told, now()))?;
                self.wake(now()).await?;
                Response::ok(remembered)?
            }
            Asked::LookUp => self.look_up(&request.text().await?)?,
            Asked::Seal => {
                self.with_log(|log| log.seal(count))?;
                self.look_up(&request.text().await?)?
            }
            Asked::Pin => {
                self.with_log(|log| log.pin(count))?;
                Response::empty()?
            }
            Asked::Lift => self.lift(&request.text().await?).await?,
            Asked::Once => self.once(&request.text().await?).await?,
            Asked::FirstUse => self.first_use(&request.text().await?).await?,
            Asked::Mark => self.mark(&request.text().await?).await?,
            Asked::Unmark => self.unmark(&request.text().await?)?,
            Asked::StatusList { size } => {
                Response::from_bytes(self.with_log(|log| log.marks.list(size.min(MAX_PLACES), now()))?)?
            }
        };
        if shard == 0 {
            let history = self.with_log(|log| Ok(log.history(count)))?;
            answer.headers_mut().set(COUNTS, &write_counts(&history))?;
        }
        Ok(answer)
    }

    /// Removes what has expired, builds segments, and copies to Workers KV what it has not taken.
    ///
    /// # Errors
    /// None: what has failed is tried with the next alarm. The platform would give up after a while.
    pub async fn alarm(&self) -> Result<Response> {
        // Whatever keeps one from being done, the others are. First what expires, which may be what has failed.
        let done = [
            self.with_log(|log| log.expire(now())),
            self.with_log(|log| log.build()),
            self.look_after_workers_kv().await,
            self.wake(now()).await,
        ];
        for error in done.into_iter().filter_map(Result::err) {
            worker::console_error!("quash: the ledger's alarm failed: {error}");
            self.state.storage().set_alarm(COPY_AFTER).await?;
        }
        Response::empty()
    }

    /// Not as often as segments are built: that would wait for Workers KV.
    async fn look_after_workers_kv(&self) -> Result<()> {
        let now = now();
        if self.with_log(|log| Ok(log.is_to_build()))? && now.since(self.looked_at.get()) < COPY_AFTER {
            return Ok(());
        }
        self.looked_at.set(now);
        let looked = self.look_what_is_missing().await;
        self.copy_what_is_missing().await.and(looked)
    }

    /// Looks which of the rows Workers KV does not have. It was given each by whoever appended it; but that isolate may have died
    /// before, or KV may not have taken it.
    async fn look_what_is_missing(&self) -> Result<()> {
        for _ in 0..MAX_LOOKS {
            let Some(unseen) = self.with_log(|log| log.unseen(now()))? else { return Ok(()) };
            let (missing, outage) = match self.env.kv(&unseen.kv) {
                Ok(kv) => KvDenylist::new(kv).missing(&unseen.rows).await,
                Err(error) => (unseen.rows.clone(), Some(StoreError::read(error))),
            };
            self.with_log(|log| log.saw(&unseen, &missing))?;
            if let Some(outage) = outage {
                worker::console_warn!("quash: {outage}");
                return Ok(());
            }
        }
        Ok(())
    }

    async fn copy_what_is_missing(&self) -> Result<()> {
        let mut failures = 0;
        for owed in self.with_log(|log| log.owed())? {
            // As it is by now: it may have been lifted since the others were copied.
            let Some((_, row)) = self.with_log(|log| log.find(owed.id))? else { continue };
            let copied = match self.env.kv(&owed.kv) {
                Ok(kv) => KvDenylist::new(kv).copy(&[row], now()).await.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match copied {
                Ok(()) => self.with_log(|log| log.copied(&owed))?,
                Err(error) => {
                    worker::console_warn!("quash: a revocation was not copied to Workers KV: {error}");
                    // The others come before it the next time.
                    self.with_log(|log| log.owe(owed.id, &owed.kv))?;
                    failures += 1;
                    if failures == MAX_FAILURES {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// Where `audit_days` are told, each line has a record for the audit log behind a tab.
    async fn append(
        &self,
        shard: u8,
        count: ShardCount,
        exact: u32,
        audit_days: Option<u64>,
        lines: &str,
    ) -> Result<Response> {
        // A line that is a revocation's must not be taken for it: that would be acknowledged and lost.
        let binding = lines.split_once('\n').filter(|(kv, _)| !kv.is_empty() && !kv.contains(' '));
        let Some((kv, lines)) = binding else { return Response::error("no binding of Workers KV", 400) };
        let (lines, records) = match audit_days {
            Some(_) => split_records(lines),
            None => (lines.into(), Vec::new()),
        };
        let (revocations, problem) = from_lines(&lines);
        if let Some(problem) = problem {
            return Response::error(problem, 400);
        }
        let lifted = self.with_log(|log| {
            if shard == 0 {
                log.raise(count)?;
            }
            if !revocations.is_empty() && !log.is_in_force(count) {
                return Ok(None);
            }
            if let Some(days) = audit_days {
                log.audit.keep_for(days)?;
                records.iter().try_for_each(|record| log.audit.append(record, now()))?;
            }
            log.limit(shard, exact, count)?;
            log.copy_to(kv)?;
            let rows = revocations.into_iter().map(|revocation| log.append(revocation));
            rows.collect::<Result<Vec<_>>>().map(Some)
        })?;
        self.wake(now()).await?;
        match lifted {
            Some(lifted) => Response::ok(to_lines(lifted.iter().flatten())),
            None => Ok(Response::ok(MOVED)?.with_status(409)),
        }
    }

    /// Lifts the entry on a line, notes that in the audit log if there is a record behind it, and answers what there is then. Before that line there is one with the
    /// days that records are kept.
    async fn lift(&self, lines: &str) -> Result<Response> {
        let audited = lines.split_once('\n').and_then(|(days, lines)| Some((days.parse().ok()?, lines)));
        let Some((days, lines)) = audited else { return Response::error("no number of days", 400) };
        let (lines, records) = split_records(lines);
        let (seen, problem) = from_lines(&lines);
        let ([seen], None) = (&seen[..], problem) else { return Response::error("no entry that was seen", 400) };
        let row = self.with_log(|log| {
            if log.lift(seen, now())? && !records.is_empty() {
                log.audit.keep_for(days)?;
                records.iter().try_for_each(|record| log.audit.append(record, now()))?;
            }
            Ok(log.find(seen.id)?.map(|(_, row)| row))
        })?;
        self.wake(now()).await?;
        Response::ok(to_lines(&row))
    }

    /// Takes entries, unless there is one of them. Nothing is awaited in between: of two that bring the same, one is told so.
    async fn once(&self, lines: &str) -> Result<Response> {
        let (entries, problem) = from_lines(lines);
        if let Some(problem) = problem {
            return Response::error(problem, 400);
        }
        let is_used = self.with_log(|log| {
            for entry in &entries {
                if log.find(entry.id)?.is_some() {
                    return Ok(true);
                }
            }
            entries.into_iter().try_for_each(|entry| log.append(entry).map(drop)).map(|()| false)
        })?;
        self.wake(now()).await?;
        Response::ok(if is_used { USED } else { "" })
    }

    /// A page of rows: see the engine's `Rows`.
    fn list(&self, asked: &str) -> Result<Response> {
        let fields: Vec<&str> = asked.split(' ').collect();
        let [after, limit, now, digits, reason] = fields[..] else { return Response::error("no page of a list", 400) };
        let Some([after, limit, now]) = numbers([after, limit, now]) else { return Response::error("no number", 400) };
        let now = Timestamp::from_millis(now);
        Response::ok(self.with_log(|log| log.list(after, limit, now, digits, reason))?)
    }

    /// A page of the audit log: see the engine's `AuditPage`.
    fn audit(&self, asked: &str) -> Result<Response> {
        let fields: Vec<&str> = asked.split(' ').collect();
        let numbers = <[&str; 3]>::try_from(fields).ok().and_then(numbers);
        let Some([since, below, limit]) = numbers else { return Response::error("no page of an audit log", 400) };
        Response::ok(self.with_log(|log| log.audit.page(since, below, limit))?)
    }

    /// Takes entries that are not there, and tells since when the first of the others is. Nothing is awaited in between. Which clock says
    /// so does not matter, as long as it is one: those of isolates differ by more than two tabs do.
    async fn first_use(&self, lines: &str) -> Result<Response> {
        let (entries, problem) = from_lines(lines);
        if let Some(problem) = problem {
            return Response::error(problem, 400);
        }
        let now = now();
        let since = self.with_log(|log| {
            let mut since = None;
            for entry in entries {
                match log.find(entry.id)? {
                    Some((_, first)) => since = since.max(Some(now.since(first.revoked_at))),
                    None => drop(log.append(Revocation { revoked_at: now, ..entry })?),
                }
            }
            Ok(since)
        })?;
        self.wake(now).await?;
        Response::ok(since.map(|since| since.as_millis().to_string()).unwrap_or_default())
    }

    /// Marks places of a status list.
    async fn mark(&self, lines: &str) -> Result<Response> {
        let Some(marks) = StatusMark::read(lines) else { return Response::error("no marks", 400) };
        self.with_log(|log| log.marks.mark(&marks))?;
        self.wake(now()).await?;
        Response::empty()
    }

    /// Has no place marked any more by the entry on a line.
    fn unmark(&self, line: &str) -> Result<Response> {
        let (lifted, problem) = from_lines(line);
        let ([lifted], None) = (&lifted[..], problem) else { return Response::error("no entry that was lifted", 400) };
        self.with_log(|log| log.marks.unmark(lifted))?;
        Response::empty()
    }

    fn look_up(&self, keys: &str) -> Result<Response> {
        let Some(ids) = ids(keys) else { return Response::error("no keys of the denylist", 400) };
        let found = self.with_log(|log| ids.into_iter().map(|id| log.find(id)).collect::<Result<Vec<_>>>())?;
        let now = now();
        // What has been lifted and has expired is kept for others: it says nothing of what other shards have.
        let counts = |row: &&Revocation| row.cover.lifts() == 0 || row.expires_at > now;
        Response::ok(to_lines(found.iter().flatten().map(|(_, row)| row).filter(counts)))
    }

    /// Has the alarm ring when there is something to do, unless it rings before.
    async fn wake(&self, now: Timestamp) -> Result<()> {
        let due = self.with_log(|log| {
            let copy = log.owes()?.then(|| now.plus(COPY_AFTER));
            let sweep = log.next_expiry()?.map(|expiry| match expiry > now {
                true => expiry.plus(SWEEP_EVERY),
                false => now.plus(SWEEP_ON_AFTER),
            });
            let build = log.is_to_build().then(|| now.plus(BUILD_ON_AFTER));
            Ok(copy.into_iter().chain(sweep).chain(build).min())
        })?;
        let storage = self.state.storage();
        let set = storage.get_alarm().await?.map(|set| Timestamp::from_millis(set as u64));
        match due {
            Some(due) if set.is_none_or(|set| due < set) => storage.set_alarm(due.since(now)).await,
            _ => Ok(()),
        }
    }

    fn with_log<T>(&self, call: impl FnOnce(&mut Log) -> Result<T>) -> Result<T> {
        let mut log = self.log.borrow_mut();
        let result = match &mut *log {
            Some(log) => call(log),
            empty => call(empty.insert(Log::open(self.state.storage().sql(), now())?)),
        };
        if result.is_err() {
            // What was written of it may be undone: read the log anew.
            *log = None;
        }
        result
    }
}

fn numbers<const N: usize>(texts: [&str; N]) -> Option<[u64; N]> {
    let numbers: Vec<u64> = texts.iter().map(|text| text.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok()
}

/// Lines without what is behind a tab in each; and that.
fn split_records(lines: &str) -> (String, Vec<&str>) {
    let (mut entries, mut records) = (String::new(), Vec::new());
    for line in lines.lines() {
        let (entry, record) = line.split_once('\t').unwrap_or((line, ""));
        entries.extend([entry, "\n"]);
        if !record.is_empty() {
            records.push(record);
        }
    }
    (entries, records)
}

fn ids(keys: &str) -> Option<Vec<RevocationId>> {
    keys.lines().map(read_key).collect()
}
