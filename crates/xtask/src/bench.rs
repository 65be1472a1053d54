//! `cargo xtask bench`: builds what a bench measures and becomes its driver.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::builds::{self, Part};
use crate::system;
use crate::tools::{self, Need};
use crate::workspace::Workspace;

/// The Workers whose whole requests are measured.
const WORKERS: [Part; 3] = [Part::Engine, Part::Guarded, Part::Hello];

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Bench {
    Click,
    Cold,
    Core,
    Follower,
    Http,
    Server,
    Staleness,
    Tabs,
    Verify,
}

impl Bench {
    pub(crate) const ALL: [Self; 9] = [
        Self::Click,
        Self::Cold,
        Self::Core,
        Self::Follower,
        Self::Http,
        Self::Server,
        Self::Staleness,
        Self::Tabs,
        Self::Verify,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Click => "click",
            Self::Cold => "cold",
            Self::Core => "core",
            Self::Follower => "follower",
            Self::Http => "http",
            Self::Server => "server",
            Self::Staleness => "staleness",
            Self::Tabs => "tabs",
            Self::Verify => "verify",
        }
    }

    /// Builds what is measured. The driver does the rest.
    fn prepare(self, workspace: &Workspace) -> Result<Command> {
        match self {
            Self::Click => in_browsers(workspace, &[Need::Chromium], "tests/bench/click.ts"),
            Self::Cold => in_workerd(workspace, &WORKERS, "tests/bench/cold.ts"),
            Self::Core => {
                builds::run(workspace, &[Part::Bench])?;
                let build = workspace.cargo(["build", "--package=quash-bench", "--bins", "--profile=engine"]);
                workspace.console.run("cargo build quash-bench, natively", build)?;
                let mut driver = workspace.node(["tests/bench/core.ts"]);
                driver.arg("--native").arg(workspace.target.join("engine/quash-bench"));
                Ok(driver)
            }
            Self::Follower => {
                builds::run(workspace, &[Part::Bench])?;
                // To weigh ten million strings, which are more than Node.js allows on a small machine.
                Ok(workspace.node(["--expose-gc", "--max-old-space-size=4096", "tests/bench/follower.ts"]))
            }
            Self::Http => in_workerd(workspace, &WORKERS, "tests/bench/http.ts"),
            Self::Server => {
                tools::ensure(workspace, [Need::Redis])?;
                builds::run(workspace, &[Part::Server])?;
                Ok(workspace.node(["tests/bench/server.ts"]))
            }
            Self::Staleness => in_workerd(workspace, &[Part::Worker], "tests/bench/staleness.ts"),
            Self::Tabs => in_browsers(workspace, &[Need::Chromium, Need::Firefox, Need::WebKit], "tests/bench/tabs.ts"),
            Self::Verify => in_workerd(workspace, &[Part::Engine], "tests/bench/verify.ts"),
        }
    }
}

/// A driver that bundles Workers of these parts by itself.
fn in_workerd(workspace: &Workspace, parts: &[Part], file: &str) -> Result<Command> {
    tools::ensure(workspace, [Need::NpmPackages])?;
    builds::run(workspace, parts)?;
    Ok(workspace.node([file]))
}

/// A driver that runs the npm package in browsers.
fn in_browsers(workspace: &Workspace, browsers: &[Need], file: &str) -> Result<Command> {
    tools::ensure(workspace, browsers.iter().copied())?;
    builds::run(workspace, &[Part::Browser])?;
    let mut driver = workspace.node([file]);
    system::name_programs(&mut driver);
    Ok(driver)
}

/// # Errors
/// When something cannot be built. Once the driver runs, its exit code is ours.
pub(crate) fn run(workspace: &Workspace, bench: Bench, json: bool) -> Result<()> {
    let mut driver = bench.prepare(workspace)?;
    if json {
        driver.arg("--json");
    }
    // In our place, not below us: signals then reach the one who has a workerd to stop.
    Err(driver.exec()).context("cannot start the bench")
}
