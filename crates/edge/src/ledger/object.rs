use std::{cell::RefCell, time::Duration};

use quash_core::{RevocationId, Timestamp};
use quash_engine::{
    from_lines,
    ledger::{Action, Asked, COUNTS, read_url, write_counts},
    read_key, to_lines,
};
use worker::{Env, Request, Response, Result, State};

use super::log::Log;
use crate::{guard::now, store::KvDenylist};

/// How long a row that has expired may stay: what is removed together costs less.
const SWEEP_EVERY: Duration = Duration::from_secs(15 * 60);

/// How long until Workers KV is tried again with what it has not taken.
const COPY_AGAIN_AFTER: Duration = Duration::from_secs(10);

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
}

impl LedgerObject {
    /// The object of this state. It reads its log when it is first asked.
    pub fn new(state: State, env: Env) -> Self {
        Self { state, env, log: RefCell::new(None) }
    }

    /// Answers a Worker of the deployment.
    ///
    /// # Errors
    /// When storage fails. The platform then starts the object again, and whoever asked knows of no answer.
    pub async fn fetch(&self, mut request: Request) -> Result<Response> {
        let Some((shard, asked, count)) = read_url(&request.inner().url()) else {
            return Ok(Response::empty()?.with_status(404));
        };
        let history = match shard {
            0 => Some(self.with_log(|log| log.raise(count))?),
            _ => None,
        };
        let mut answer = match asked {
            Asked::Part(part) => Response::from_bytes(self.with_log(|log| log.part(shard, part))?)?,
            Asked::Action(action) => {
                let lines = request.text().await?;
                match action {
                    Action::Append => self.append(&lines).await?,
                    Action::LookUp => self.look_up(&lines)?,
                    Action::Copy => self.copy_later(&lines).await?,
                }
            }
        };
        if let Some(history) = history {
            answer.headers_mut().set(COUNTS, &write_counts(&history))?;
        }
        Ok(answer)
    }

    /// Copies to Workers KV what it has not taken, and removes what has expired.
    ///
    /// # Errors
    /// When storage fails: the platform tries again by itself.
    pub async fn alarm(&self) -> Result<Response> {
        let now = now();
        let owed = self.with_log(|log| log.owed())?;
        for (kv, revocation) in owed {
            let copied = match self.env.kv(&kv) {
                Ok(kv) => KvDenylist::new(kv).record(&[revocation], now).await.map_err(|error| error.to_string()),
                Err(error) => Err(error.to_string()),
            };
            match copied {
                Ok(()) => self.with_log(|log| log.copied(revocation.id))?,
                // The rest would fail as well; it is tried with the next alarm.
                Err(error) => {
                    worker::console_warn!("quash: a revocation was not copied to Workers KV: {error}");
                    break;
                }
            }
        }
        self.with_log(|log| log.expire(now))?;
        self.wake(now).await?;
        Response::empty()
    }

    async fn append(&self, lines: &str) -> Result<Response> {
        let (revocations, problem) = from_lines(lines);
        if let Some(problem) = problem {
            return Response::error(problem, 400);
        }
        self.with_log(|log| revocations.into_iter().try_for_each(|revocation| log.append(revocation)))?;
        self.wake(now()).await?;
        Response::empty()
    }

    fn look_up(&self, keys: &str) -> Result<Response> {
        let Some(ids) = ids(keys) else { return Response::error("no keys of the denylist", 400) };
        let found = self.with_log(|log| ids.into_iter().map(|id| log.find(id)).collect::<Result<Vec<_>>>())?;
        Response::ok(to_lines(found.iter().flatten().map(|(_, revocation)| revocation)))
    }

    async fn copy_later(&self, lines: &str) -> Result<Response> {
        let read = lines.split_once('\n').and_then(|(kv, keys)| Some((kv, ids(keys)?)));
        let Some((kv, ids)) = read else { return Response::error("no keys of the denylist", 400) };
        self.with_log(|log| ids.into_iter().try_for_each(|id| log.owe(id, kv)))?;
        self.wake(now()).await?;
        Response::empty()
    }

    /// Has the alarm ring when there is something to do, unless it rings before.
    async fn wake(&self, now: Timestamp) -> Result<()> {
        let due = self.with_log(|log| {
            let copy = (!log.owed()?.is_empty()).then(|| now.plus(COPY_AGAIN_AFTER));
            let sweep = log.next_expiry()?.map(|expiry| expiry.max(now).plus(SWEEP_EVERY));
            Ok(copy.into_iter().chain(sweep).min())
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
            empty => call(empty.insert(Log::open(self.state.storage().sql())?)),
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
