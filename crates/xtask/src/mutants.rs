//! `cargo xtask mutants`: breaks the core in every small way there is, one at a time, and shows which no test notices.

use anyhow::{Context, Result};

use crate::tools::{self, CargoTool, Need};
use crate::workspace::Workspace;

/// `files` are names as `token.rs`; none means all. What else there is to say is in `.cargo/mutants.toml`.
///
/// # Errors
/// When a mutant survives.
pub(crate) fn run(workspace: &Workspace, files: &[String]) -> Result<()> {
    tools::ensure(workspace, [Need::CargoMutants])?;
    let program = CargoTool::cargo_mutants(workspace).bin("cargo-mutants");
    let mut command = workspace.command(program, ["mutants", "--package=quash-core", "--jobs=2"]);
    command.args(files.iter().map(|file| format!("--file={file}"))).arg("--output").arg(&workspace.target);
    // Nobody looks into a mutant, and linking it is most of the work.
    command.env("CARGO_PROFILE_DEV_DEBUG", "none");
    workspace.console.show(command, |_| {}).context("see target/mutants.out: not every mutant was caught")
}
