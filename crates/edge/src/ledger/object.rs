use std::{
    cell::{Cell, RefCell},
    time::Duration,
};

use quash_core::{
    Revocation, RevocationId, Timestamp,
    ledger::{Part, ShardCount},
};
use quash_engine::{
    from_lines,
    ledger::{Asked, COUNTS, USED, write_counts},
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
            Asked::Append { exact } => self.append(shard, count, exact, &request.text().await?).await?,
            Asked::LookUp => self.look_up(&request.text().await?)?,
            Asked::Once => self.once(&request.text().await?).await?,
            Asked::FirstUse => self.first_use(&request.text().await?).await?,
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
            let copied = match self.env.kv(&owed.kv) {
                Ok(kv) => {
                    KvDenylist::new(kv).record(&[owed.revocation], now()).await.map_err(|error| error.to_string())
                }
                Err(error) => Err(error.to_string()),
            };
            match copied {
                Ok(()) => self.with_log(|log| log.copied(&owed))?,
                Err(error) => {
                    worker::console_warn!("quash: a revocation was not copied to Workers KV: {error}");
                    // The others come before it the next time.
                    self.with_log(|log| log.owe(owed.revocation.id, &owed.kv))?;
                    failures += 1;
                    if failures == MAX_FAILURES {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    async fn append(&self, shard: u8, count: ShardCount, exact: u32, lines: &str) -> Result<Response> {
        // A line that is a revocation's must not be taken for it: that would be acknowledged and lost.
        let binding = lines.split_once('\n').filter(|(kv, _)| !kv.is_empty() && !kv.contains(' '));
        let Some((kv, lines)) = binding else { return Response::error("no binding of Workers KV", 400) };
        let (revocations, problem) = from_lines(lines);
        if let Some(problem) = problem {
            return Response::error(problem, 400);
        }
        self.with_log(|log| {
            if shard == 0 {
                log.raise(count)?;
            }
            log.limit(shard, exact, count)?;
            log.copy_to(kv)?;
            revocations.into_iter().try_for_each(|revocation| log.append(revocation))
        })?;
        self.wake(now()).await?;
        Response::empty()
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
            entries.into_iter().try_for_each(|entry| log.append(entry)).map(|()| false)
        })?;
        self.wake(now()).await?;
        Response::ok(if is_used { USED } else { "" })
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
                    None => log.append(Revocation { revoked_at: now, ..entry })?,
                }
            }
            Ok(since)
        })?;
        self.wake(now).await?;
        Response::ok(since.map(|since| since.as_millis().to_string()).unwrap_or_default())
    }

    fn look_up(&self, keys: &str) -> Result<Response> {
        let Some(ids) = ids(keys) else { return Response::error("no keys of the denylist", 400) };
        let found = self.with_log(|log| ids.into_iter().map(|id| log.find(id)).collect::<Result<Vec<_>>>())?;
        Response::ok(to_lines(found.iter().flatten().map(|(_, revocation)| revocation)))
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

fn ids(keys: &str) -> Option<Vec<RevocationId>> {
    keys.lines().map(read_key).collect()
}
