//! `cargo xtask test`: runs every test there is, group by group, and says at the end how many passed.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::builds::{self, Part};
use crate::fuzz;
use crate::sim;
use crate::step::{Failures, Stopwatch};
use crate::system;
use crate::tools::{self, CargoTool, Need};
use crate::workspace::{SIMD, WASM_TARGET, Workspace};

/// Programs that tests start, which run natively, as no part does: the variable that says where one is, and the example's name.
const PROGRAMS: [(&str, &str); 3] = [("QUASH_ORACLE", "oracle"), ("QUASH_TOWER", "interop"), ("QUASH_STORE", "store")];

/// Where other people's clients are.
const OAUTH2: &str = "QUASH_OAUTH2";
const AUTHLIB: &str = "QUASH_AUTHLIB";

/// The same of Schemathesis, which calls the edge as its OpenAPI document says.
const SCHEMATHESIS: &str = "QUASH_SCHEMATHESIS";

/// A crate outside the workspace, for which nothing else has to be built.
pub(crate) const OAUTH2_MANIFEST: &str = "tests/edge/oauth2/Cargo.toml";

/// Many of these wait for what has to happen by itself: a key that is withdrawn, an alarm. On two cores Node.js would run one file after
/// the other.
const AT_ONCE: &str = "--test-concurrency=2";

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Group {
    Rust,
    Wasm,
    Js,
    E2e,
    Fuzz,
}

impl Group {
    pub(crate) const ALL: [Self; 5] = [Self::Rust, Self::Wasm, Self::Js, Self::E2e, Self::Fuzz];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rust => "rust",
            Self::Wasm => "wasm",
            Self::Js => "js",
            Self::E2e => "e2e",
            Self::Fuzz => "fuzz",
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Rust => "every crate, natively",
            Self::Wasm => "the core, as WebAssembly",
            Self::Js => "the npm package, in browsers and on servers",
            Self::E2e => "the whole of it, in workerd and browsers",
            Self::Fuzz => "what the core reads, for a minute",
        }
    }

    fn needs(self) -> &'static [Need] {
        match self {
            Self::Rust => &[Need::Redis],
            // `fuzz::run` sees to its own.
            Self::Fuzz => &[],
            Self::Wasm => &[Need::WasmTarget, Need::NpmPackages, Need::WasmBindgen],
            Self::Js => &[Need::NpmPackages, Need::Chromium, Need::Firefox, Need::WebKit, Need::Redis],
            Self::E2e => &[
                Need::NpmPackages,
                Need::Chromium,
                Need::Firefox,
                Need::WebKit,
                Need::Redis,
                Need::Nginx,
                Need::Authlib,
                Need::Schemathesis,
            ],
        }
    }

    /// What has to be built first; the test runners build the rest themselves.
    fn parts(self) -> &'static [Part] {
        match self {
            Self::Rust | Self::Wasm | Self::Fuzz => &[],
            // What the npm package is made of.
            Self::Js => &[Part::Browser, Part::Server, Part::Engine, Part::Worker],
            Self::E2e => &[
                Part::Browser,
                Part::Server,
                Part::Engine,
                Part::Worker,
                Part::Demo,
                Part::Bench,
                Part::Guard,
                Part::Guarded,
                Part::Hello,
                Part::Router,
            ],
        }
    }

    /// Installs and builds what the group needs, then runs it.
    fn run(self, workspace: &Workspace, tally: &mut Tally) -> Result<()> {
        tools::ensure(workspace, self.needs().iter().copied())?;
        builds::run(workspace, self.parts())?;
        let mut command = match self {
            Self::Rust => workspace.cargo(["test", "--workspace", "--no-fail-fast"]),
            Self::Wasm => {
                let mut command = workspace.cargo(["test", "--package=quash-core", "--target", WASM_TARGET]);
                let runner = CargoTool::wasm_bindgen(workspace)?.bin("wasm-bindgen-test-runner");
                command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner).env(SIMD.0, SIMD.1);
                command
            }
            Self::Js => workspace.node(["--test", AT_ONCE, "www/quash/test/**/*.test.ts"]),
            Self::E2e => {
                let mut command = workspace.node(["--test", AT_ONCE, "tests/**/*.test.ts"]);
                command.envs(build_programs(workspace)?);
                command.env(OAUTH2, build_oauth2(workspace)?);
                command.env(AUTHLIB, tools::AUTHLIB.bin(workspace, "python"));
                command.env(SCHEMATHESIS, tools::SCHEMATHESIS.bin(workspace, "schemathesis"));
                command
            }
            Self::Fuzz => return fuzz::run(workspace, &fuzz::Options::default(), |line| tally.read(line)),
        };
        system::name_programs(&mut command);
        workspace.console.show(command, |line| tally.read(line))?;
        if tally.passed == 0 {
            bail!("no test ran");
        }
        match self {
            Self::Rust => sim::test(workspace),
            _ => Ok(()),
        }
    }
}

/// # Errors
/// When a group failed; the others have run nevertheless.
pub(crate) fn run(workspace: &Workspace, groups: &[Group]) -> Result<()> {
    let mut failures = Failures::default();
    let mut total = Tally::default();
    for group in groups {
        println!("\n━━ {}: {}", group.name(), group.title());
        let watch = Stopwatch::start();
        let mut tally = Tally::default();
        let result = group.run(workspace, &mut tally);
        total.add(tally);
        println!("━━ {}: {watch}", group.name());
        failures.record(group.name(), result);
    }
    println!("\n{}\n{} passed, {} failed", total.summaries.join("\n"), total.passed, total.failed);
    failures.into_result()
}

/// The programs, each with its variable. They are built as the natively run tests are, or their dependencies would be compiled again.
fn build_programs(workspace: &Workspace) -> Result<[(&'static str, PathBuf); 3]> {
    let mut build = workspace.cargo(["build", "--workspace"]);
    for (_, name) in PROGRAMS {
        build.args(["--example", name]);
    }
    workspace.console.run("cargo build --example", build)?;
    Ok(PROGRAMS.map(|(variable, name)| (variable, workspace.target.join("debug/examples").join(name))))
}

/// A client of the crate `oauth2`.
fn build_oauth2(workspace: &Workspace) -> Result<PathBuf> {
    let folder = oauth2_target(workspace);
    let mut build = workspace.cargo(["build", "--manifest-path", OAUTH2_MANIFEST]);
    build.env("CARGO_TARGET_DIR", &folder);
    workspace.console.run("cargo build quash-test-oauth2", build)?;
    Ok(folder.join("debug/quash-test-oauth2"))
}

pub(crate) fn oauth2_target(workspace: &Workspace) -> PathBuf {
    workspace.target.join("oauth2")
}

/// What the runners' own summary lines say, added up.
#[derive(Default)]
struct Tally {
    passed: u64,
    failed: u64,
    /// The lines themselves.
    summaries: Vec<String>,
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.summaries.extend(other.summaries);
    }

    fn read(&mut self, line: &str) {
        if let Some((passed, failed)) = counts(line) {
            self.passed += passed;
            self.failed += failed;
            // Of a crate without tests there is nothing to say.
            if !line.contains(" 0 passed; 0 failed") {
                self.summaries.push(line.to_owned());
            }
        }
    }
}

/// Tests passed and failed by one line of `cargo test`, of wasm-bindgen-test-runner (the same) or of `node --test`.
fn counts(line: &str) -> Option<(u64, u64)> {
    if let Some(result) = line.strip_prefix("test result: ") {
        let (_, counts) = result.split_once(". ")?;
        let count = |what| counts.split("; ").find_map(|part: &str| part.strip_suffix(what)?.parse().ok());
        return Some((count(" passed")?, count(" failed")?));
    }
    // The mark depends on the reporter: `spec` in a terminal, perhaps `tap` elsewhere.
    let mut words = line.strip_prefix("ℹ ").or_else(|| line.strip_prefix("# "))?.split(' ');
    match (words.next()?, words.next()?.parse().ok()?, words.next()) {
        ("pass", passed, None) => Some((passed, 0)),
        ("fail", failed, None) => Some((0, failed)),
        _ => None,
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn summaries_are_added_up() {
        let mut tally = Tally::default();
        let lines = [
            "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "ℹ tests 6",
            "ℹ pass 5",
            "ℹ fail 1",
            "# pass 7",
            "# pass 9 of the tests",
            "test passed 4 times ... ok",
        ];
        lines.iter().for_each(|line| tally.read(line));
        assert_eq!((tally.passed, tally.failed), (27, 3));
        assert_eq!(tally.summaries, [lines[0], lines[1], lines[4], lines[5], lines[6]]);
    }
}
