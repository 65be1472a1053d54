//! `cargo xtask sim`: builds the simulator for speed and becomes it.

use std::os::unix::process::CommandExt;
use std::process::Command;

use anyhow::{Context, Result};

use crate::workspace::Workspace;

#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    /// The first seed, for one that has failed.
    pub(crate) first: Option<u64>,
    pub(crate) seeds: Option<u64>,
    pub(crate) steps: Option<u64>,
    pub(crate) json: bool,
}

impl Options {
    /// As the simulator reads them. It has its own defaults.
    fn arguments(&self) -> Vec<String> {
        let numbers = [("--first", self.first), ("--seeds", self.seeds), ("--steps", self.steps)];
        let named = numbers.into_iter().filter_map(|(name, number)| Some([name.to_owned(), number?.to_string()]));
        named.flatten().chain(self.json.then(|| "--json".to_owned())).collect()
    }
}

/// How many seeds are simulated with the tests: a hundred million steps.
const TESTED: u64 = 10_000;

/// # Errors
/// When it cannot be built. Once it runs, its exit code is ours.
pub(crate) fn run(workspace: &Workspace, options: &Options) -> Result<()> {
    Err(simulator(workspace, options)?.exec()).context("cannot start the simulator")
}

/// Simulates many seeds, with nothing to show unless one fails.
///
/// # Errors
/// When one does.
pub(crate) fn test(workspace: &Workspace) -> Result<()> {
    let simulator = simulator(workspace, &Options { seeds: Some(TESTED), ..Options::default() })?;
    workspace.console.run(&format!("simulate {TESTED} seeds"), simulator)
}

fn simulator(workspace: &Workspace, options: &Options) -> Result<Command> {
    let build = workspace.cargo(["build", "--package=quash-sim", "--profile=engine"]);
    workspace.console.run("cargo build quash-sim", build)?;
    let mut simulator = Command::new(workspace.target.join("engine/quash-sim"));
    simulator.args(options.arguments());
    Ok(simulator)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn what_was_given_is_passed_on() {
        assert!(Options::default().arguments().is_empty());
        let options = Options { first: Some(7), seeds: None, steps: Some(5), json: true };
        assert_eq!(options.arguments(), ["--first", "7", "--steps", "5", "--json"]);
    }
}
