//! Real Redis servers: of one test each, in a folder of their own, and ended by their process id.

use std::{
    env, fs,
    path::PathBuf,
    process::Stdio,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use quash_tower::RedisStore;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// Between two looks at what takes its time.
const POLL: Duration = Duration::from_millis(20);

/// What is kept outlives a crash: docs/redis.md.
pub(crate) const DURABLE: [&str; 4] = ["--appendonly", "yes", "--appendfsync", "always"];

pub(crate) struct Redis {
    folder: PathBuf,
    args: Vec<String>,
    child: Child,
}

impl Redis {
    /// Starts a server that saves nothing, unless `args` say so. It has no port, but a socket.
    pub(crate) async fn start(args: &[&str]) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = env::temp_dir().join(format!("quash-tower-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (socket, dir) = (folder.join("socket").display().to_string(), folder.display().to_string());
        let own = ["--port", "0", "--save", "", "--unixsocket", &socket, "--dir", &dir];
        let args: Vec<String> = own.iter().chain(args).map(|arg| (*arg).to_owned()).collect();
        let child = start(&args).await;
        Self { folder, args, child }
    }

    pub(crate) fn url(&self) -> String {
        format!("redis+unix://{}", self.folder.join("socket").display())
    }

    /// A store of another process.
    pub(crate) async fn store(&self) -> RedisStore {
        RedisStore::connect(&self.url()).await.unwrap()
    }

    /// Ends it without warning, as a crash does.
    pub(crate) async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }

    /// Starts it again, over what its folder has.
    pub(crate) async fn restart(&mut self) {
        self.child = start(&self.args).await;
    }

    /// What a command of an operator's answers.
    pub(crate) async fn ask<T: redis::FromRedisValue>(&self, command: &[&str]) -> T {
        let client = redis::Client::open(self.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        redis::cmd(command[0]).arg(&command[1..]).query_async(&mut connection).await.unwrap()
    }

    /// How many scripts it has run.
    pub(crate) async fn scripts_run(&self) -> u64 {
        let stats: String = self.ask(&["INFO", "commandstats"]).await;
        let calls = |line: &str| {
            let rest = line.strip_prefix("cmdstat_evalsha:calls=").or(line.strip_prefix("cmdstat_eval:calls="))?;
            rest.split(',').next()?.parse::<u64>().ok()
        };
        stats.lines().filter_map(calls).sum()
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It is killed with its handle.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Comes back when it takes connections.
async fn start(args: &[String]) -> Child {
    let mut command = Command::new("redis-server");
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    let mut child = command.spawn().expect("redis-server is needed: `cargo xtask test rust` installs it");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut printed = String::new();
    loop {
        let Some(line) = lines.next_line().await.unwrap() else { panic!("redis-server ended:\n{printed}") };
        if line.contains("eady to accept connections") {
            // Whatever it prints from now on has to go somewhere.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return child;
        }
        printed += &(line + "\n");
    }
}

/// Waits for as long as it takes.
pub(crate) async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    while !is_so().await {
        tokio::time::sleep(POLL).await;
    }
}
