//! Revocations in Redis 6.2 or later, or Valkey: the same keys, rows and scripts as `quash/redis` has in Node.js. See docs/redis.md.

mod answer;
mod append;
mod read;
mod row;
mod script;
mod tail;

use std::{
    future::Future,
    pin::Pin,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use quash_core::{Revocation, RevocationId, ledger::Part};
use quash_engine::denylist_key;
use redis::{
    Client, Cmd, IntoConnectionInfo, RedisError, RedisResult, Value, aio::ConnectionLike, io::tcp::TcpSettings,
};
use thiserror::Error;

pub use read::LogRead;

use answer::texts;
use read::READ;
use script::{LOOK_UP, Script};
use tail::Tail;

/// How long an operation may take.
const TIMEOUT: Duration = Duration::from_secs(3);

/// The longest pause between two attempts to connect: as long as a store may be back before anybody notices.
const MAX_RECONNECT_PAUSE: Duration = Duration::from_secs(1);

/// How long the network may leave unanswered what was sent, before the connection is taken for lost: a machine that is gone says
/// nothing, and the system would wait for a quarter of an hour.
#[cfg(target_os = "linux")]
const LOST_AFTER: Duration = Duration::from_secs(10);

/// What the keys begin with where nothing else is said.
const PREFIX: &str = "quash";

type Sending = Pin<Box<dyn Future<Output = RedisResult<Value>> + Send>>;

/// Revocations in Redis 6.2 or later, or Valkey, of one server or of a cluster, with a log that can be followed.
///
/// A revocation is as durable as Redis is, and Redis by default forgets the last second in a crash: docs/redis.md says how it has to
/// be configured. Node.js servers with `quash/redis`, the same prefix and the same pepper share it.
///
/// ```no_run
/// # async fn connect() -> Result<(), redis::RedisError> {
/// let store = quash_tower::RedisStore::connect("redis://127.0.0.1").await?;
/// # Ok(())
/// # }
/// ```
pub struct RedisStore {
    send: Box<dyn Fn(Cmd) -> Sending + Send + Sync>,
    keys: [String; 4],
    timeout: Duration,
    /// The head as it was read last.
    tail: Mutex<Tail>,
}

/// The store could not be asked, or does not know everything. Nothing is known about what was asked, and nothing that was to be
/// written may be acknowledged.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No answer in this time.
    #[error("Redis did not answer in {} ms", .0.as_millis())]
    Late(Duration),
    /// No connection, or it refused.
    #[error("Redis could not be asked: {0}")]
    Failed(#[from] RedisError),
    /// It has lost something, or has something that cannot be read.
    #[error("Redis has lost something that was revoked, see docs/redis.md: {0}")]
    Incomplete(String),
    /// What no script of ours answers.
    #[error("Redis answered what no script of ours does")]
    Answer,
    /// Others kept changing the same row; nothing of it was added.
    #[error("others changed the same row {0} times")]
    Conflict(usize),
    /// No number could be drawn for a log that begins.
    #[error("the system has no random numbers")]
    Random,
}

/// The prefix of the keys would be no hash tag: it is empty, or has braces in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("the prefix of the keys in Redis must not be empty, or have braces in it")]
pub struct InvalidPrefix;

impl RedisStore {
    /// Connects to one server, by an address as `redis://127.0.0.1:6379`, and again whenever the connection is lost. A server that refuses
    /// the connection, or is no master any more, is an outage until the process is started again.
    ///
    /// For TLS (`rediss://`) or a cluster, connect by the `redis` crate, with the feature that it wants for that, and
    /// give the connection to [`new`](Self::new).
    ///
    /// # Errors
    /// [`RedisError`] when it cannot be reached now: a server that starts without its denylist would let nobody in.
    pub async fn connect(url: &str) -> Result<Self, RedisError> {
        let config = redis::aio::ConnectionManagerConfig::new()
            .set_max_delay(MAX_RECONNECT_PAUSE)
            // An operation has a limit of its own, of several commands.
            .set_response_timeout(Some(TIMEOUT));
        let info = url.into_connection_info()?;
        let tcp = with_user_timeout(info.tcp_settings().clone());
        let client = Client::open(info.set_tcp_settings(tcp))?;
        Ok(Self::new(client.get_connection_manager_with_config(config).await?))
    }

    /// A store behind a connection, each clone of which reaches the same server: a `redis::aio::ConnectionManager`, or a
    /// `redis::cluster_async::ClusterConnection` that reads from masters, since what a replica says may be old.
    pub fn new(connection: impl ConnectionLike + Clone + Send + Sync + 'static) -> Self {
        let send = move |command: Cmd| -> Sending {
            let mut connection = connection.clone();
            Box::pin(async move { command.query_async(&mut connection).await })
        };
        Self { send: Box::new(send), keys: keys_of(PREFIX), timeout: TIMEOUT, tail: Mutex::default() }
    }

    /// Has the keys begin with `prefix`, in braces, and not with `quash`. Stores of different prefixes know nothing of each other.
    ///
    /// # Errors
    /// [`InvalidPrefix`].
    pub fn with_prefix(self, prefix: &str) -> Result<Self, InvalidPrefix> {
        if prefix.is_empty() || prefix.contains(['{', '}']) {
            return Err(InvalidPrefix);
        }
        Ok(Self { keys: keys_of(prefix), ..self })
    }

    /// Has an operation take so long at most, and not 3 s.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// Adds revocations, each merged with what is there. Comes back when all are there. May be repeated.
    #[doc(hidden)]
    pub async fn append(&self, revocations: &[Revocation]) -> Result<(), StoreError> {
        self.in_time(append::append(self, revocations)).await
    }

    /// What is there under these ids, and has not expired.
    #[doc(hidden)]
    pub async fn look_up(&self, ids: &[RevocationId]) -> Result<Vec<Revocation>, StoreError> {
        self.in_time(async {
            let keys: Vec<String> = ids.iter().copied().map(denylist_key).collect();
            let answer = self.run(&LOOK_UP, &keys).await?;
            let mut found = Vec::new();
            for (id, text) in ids.iter().zip(texts(&answer)?) {
                // Nothing is there.
                if !text.is_empty() {
                    found.push(row::read(*id, text)?);
                }
            }
            Ok(found)
        })
        .await
    }

    /// A part of the log. Everything in the answer is of one moment, after the call.
    #[doc(hidden)]
    pub async fn read(&self, part: Part) -> Result<LogRead, StoreError> {
        self.in_time(async {
            let (name, known) = match part {
                Part::Head => ("head".to_owned(), self.tail().clone()),
                Part::Page(page) => (page.to_string(), Tail::default()),
                // No script of ours tells of an edition.
                Part::Segment { .. } => return Err(StoreError::Answer),
            };
            let since = known.asked_by();
            let answer = read::parse(&self.run(&READ, &[&[name][..], &since].concat()).await?)?;
            let whole = known.extend(&answer);
            let read = answer.of(&whole);
            if part == Part::Head {
                // Of two that were asked for at once, either will do.
                *self.tail() = whole;
            }
            Ok(read)
        })
        .await
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        // Nothing that holds it can panic half-way: it is replaced as a whole.
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, script: &Script, args: &[String]) -> Result<Value, StoreError> {
        let epoch = format!("{:016x}", crate::random::number().map_err(|_| StoreError::Random)?);
        script.run(&self.send, &self.keys, &epoch, args).await
    }

    async fn in_time<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        tokio::time::timeout(self.timeout, work).await.unwrap_or(Err(StoreError::Late(self.timeout)))
    }
}

#[cfg(target_os = "linux")]
fn with_user_timeout(settings: TcpSettings) -> TcpSettings {
    settings.set_user_timeout(LOST_AFTER)
}

#[cfg(not(target_os = "linux"))]
fn with_user_timeout(settings: TcpSettings) -> TcpSettings {
    settings
}

/// All that a log is kept in. The braces put the four into one slot of a cluster.
fn keys_of(prefix: &str) -> [String; 4] {
    ["rows", "log", "expiries", "state"].map(|name| format!("{{{prefix}}}:{name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_pinned() {
        assert_eq!(keys_of("quash"), ["{quash}:rows", "{quash}:log", "{quash}:expiries", "{quash}:state"]);
    }
}
