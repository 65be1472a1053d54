//! The Lua scripts, to the letter those of `www/quash/src/server/stores/redis`, so that all servers run the same. They say there
//! what they do and why; `tests/server` holds the two equal.

use std::sync::LazyLock;

use redis::{Cmd, RedisError, Value};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::{Sending, StoreError};

/// Before the message of a script that found something missing.
const INCOMPLETE: &str = "INCOMPLETE";

/// A script, which Redis runs with nothing between its steps.
pub(super) struct Script {
    source: &'static str,
    /// Redis names it so, and not for anybody to rely on who means harm.
    sha1: String,
}

/// Each begins alike.
macro_rules! script {
    ($($part:literal),+) => {
        LazyLock::new(|| {
            Script::new(concat!("\n", include_str!("lua/open.lua"), "\n", $(include_str!($part)),+))
        })
    };
}

/// After the epoch: for each row its key, what the caller believes is there (or nothing), what shall be there, and when that
/// expires. Answers, one after another, the place and the row of those that it found something else for.
pub(super) static APPEND: LazyLock<Script> = script!("lua/append.lua");

/// After the epoch: keys. Answers the row of each, or nothing where there is none.
pub(super) static LOOK_UP: LazyLock<Script> = script!("lua/may_write.lua", "lua/look_up.lua");

/// After the epoch: the number of a page, or `head`; then the epoch and the number up to which the asker has read the head.
pub(super) static READ: LazyLock<Script> = script!("lua/may_write.lua", "lua/read.lua");

impl Script {
    fn new(source: &'static str) -> Self {
        let sha1 = digest(&SHA1_FOR_LEGACY_USE_ONLY, source.as_bytes());
        Self { source, sha1: sha1.as_ref().iter().map(|byte| format!("{byte:02x}")).collect() }
    }

    /// Runs it, by its digest where Redis knows it: it forgets all of them when it starts, and a replica may know none.
    pub(super) async fn run(
        &self,
        send: &(dyn Fn(Cmd) -> Sending + Send + Sync),
        keys: &[String],
        epoch: &str,
        args: &[String],
    ) -> Result<Value, StoreError> {
        let command = |verb, script: &str| {
            let mut command = redis::cmd(verb);
            command.arg(script).arg(keys.len()).arg(keys).arg(epoch).arg(args);
            command
        };
        let answer = match send(command("EVALSHA", &self.sha1)).await {
            Err(error) if error.code() == Some("NOSCRIPT") => send(command("EVAL", self.source)).await,
            answer => answer,
        };
        answer.map_err(failed)
    }
}

fn failed(error: RedisError) -> StoreError {
    if error.code() == Some(INCOMPLETE) {
        return StoreError::Incomplete(error.detail().unwrap_or_default().into());
    }
    StoreError::Failed(error)
}
