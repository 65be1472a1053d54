//! `cargo xtask fuzz`: throws inputs at whatever in core reads one, guided by the code that they reach.
//!
//! The targets are a crate outside the workspace, `tests/fuzz`, with a file for each. It is built on stable Rust: the coverage
//! that guides libFuzzer is counted by a pass of LLVM's, which can be asked for by its own name.

mod log;
mod target;

use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context, Result};

use self::target::Target;
use crate::step::Failures;
use crate::tools::{self, Need};
use crate::workspace::Workspace;

pub(crate) const MANIFEST: &str = "tests/fuzz/Cargo.toml";

/// A counter for each edge, where the edge is, and what is compared with what on the way; as `cargo fuzz --sanitizer none`.
const INSTRUMENTED: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg",
    "fuzzing",
];

#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    /// None means all of them.
    pub(crate) targets: Vec<String>,
    /// How long it may take in all, building aside.
    pub(crate) seconds: u32,
    /// Whether the committed corpus takes in what was found.
    pub(crate) grow: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { targets: Vec::new(), seconds: 60, grow: false }
    }
}

/// Fuzzes, and says of each target how it went. The last line is one of a test runner's, and is given to `on_summary` too.
///
/// # Errors
/// When a target failed; the others have run nevertheless.
pub(crate) fn run(workspace: &Workspace, options: &Options, on_summary: impl FnOnce(&str)) -> Result<()> {
    let targets = Target::find(workspace, &build(workspace)?, &options.targets)?;
    let lanes = thread::available_parallelism()?.get().min(targets.len());
    let seconds = (options.seconds / targets.len().div_ceil(lanes) as u32).max(1);
    workspace.console.note(&format!("{} targets, {lanes} at a time, {seconds} s each", targets.len()));

    let mut failures = Failures::default();
    let mut passed = 0;
    thread::scope(|scope| {
        let (sender, results) = mpsc::channel();
        for lane in 0..lanes {
            let (sender, mut targets) = (sender.clone(), targets.iter().skip(lane).step_by(lanes));
            // It ends early when there is nobody left to tell.
            scope.spawn(move || targets.try_for_each(|target| sender.send((target, target.fuzz(seconds)))));
        }
        drop(sender);
        for (target, result) in results {
            let result = result.map(|report| {
                println!("{:14}{report}", target.name);
                passed += 1;
            });
            failures.record(&target.name, result);
        }
    });

    let failed = targets.len() - passed;
    let summary =
        format!("test result: {}. {passed} passed; {failed} failed", if failed == 0 { "ok" } else { "FAILED" });
    println!("{summary}");
    on_summary(&summary);
    failures.into_result()?;
    if options.grow {
        targets.iter().try_for_each(|target| target.grow(workspace))?;
    }
    Ok(())
}

/// Cargo's folder for this crate: what is built with other flags would be built anew in the workspace's.
pub(crate) fn target_folder(workspace: &Workspace) -> PathBuf {
    workspace.target.join("fuzz")
}

/// Gives the folder of the programs.
fn build(workspace: &Workspace) -> Result<PathBuf> {
    tools::ensure(workspace, [Need::CxxCompiler])?;
    let host = host(workspace)?;
    let mut command = workspace.cargo(["build", "--release", "--bins", "--manifest-path", MANIFEST]);
    // With a target named, build scripts and macros are not instrumented: they run where there is no libFuzzer.
    command.args(["--target", &host]);
    command.env("CARGO_TARGET_DIR", target_folder(workspace)).env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENTED.join("\x1f"));
    workspace.console.run("cargo build for fuzzing", command)?;
    Ok(target_folder(workspace).join(host).join("release"))
}

fn host(workspace: &Workspace) -> Result<String> {
    let mut query = workspace.command("rustc", ["--print=host-tuple"]);
    let output = query.output().context("cannot start `rustc`")?;
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
