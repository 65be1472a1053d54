//! `cargo xtask check`: everything that can be said about the code without running it.

use anyhow::Result;

use crate::builds::{self, Part};
use crate::fuzz;
use crate::layers;
use crate::step::Failures;
use crate::tests;
use crate::tools::{self, CargoTool, Need};
use crate::workspace::{SIMD, WASM_TARGET, Workspace};

/// # Errors
/// When any of the checks failed; all of them run.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    tools::ensure(workspace, [Need::RustLints, Need::WasmTarget, Need::NpmPackages, Need::CargoDeny])?;
    let console = &workspace.console;
    let mut failures = Failures::default();

    failures.record("fmt", console.run("cargo fmt", workspace.cargo(["fmt", "--all", "--check", "--", "-l"])));

    let clippy = workspace.cargo(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]);
    failures.record("clippy", console.run("cargo clippy", clippy));

    // The libraries alone: their tests use crates that need an operating system, as xtask and servers do. And the browser module
    // by itself: it is built without std, which its neighbours ask its dependencies for.
    let others = ["--workspace", "--exclude=xtask", "--exclude=quash-browser", "--exclude=quash-tower"];
    for (what, packages) in [("browser", &["--package=quash-browser"][..]), ("wasm", &others)] {
        let mut clippy = workspace.cargo(["clippy", "--lib", "--target", WASM_TARGET]);
        clippy.args(packages).args(["--", "-D", "warnings"]).env(SIMD.0, SIMD.1);
        failures.record(&format!("clippy for {what}"), console.run(&format!("cargo clippy for {what}"), clippy));
    }

    let mut doc = workspace.cargo(["doc", "--workspace", "--no-deps"]);
    doc.env("RUSTDOCFLAGS", "-D warnings");
    failures.record("rustdoc", console.run("cargo doc", doc));

    // Not `advisories`: see deny.toml.
    let mut deny = workspace.command(CargoTool::cargo_deny(workspace).bin("cargo-deny"), ["check"]);
    deny.args(["bans", "licenses", "sources"]);
    failures.record("cargo-deny", console.run("cargo deny", deny));

    check_fuzz_targets(workspace, &mut failures);
    check_oauth2(workspace, &mut failures);

    failures.record("layers", layers::check(workspace));

    // The types that the others import are made when the npm package and its module are.
    let types = builds::run(workspace, &[Part::Browser]).and_then(|()| {
        let tsc = workspace.npm(["run", "check", "--workspaces", "--if-present"]);
        console.run("npm run check", tsc)
    });
    failures.record("tsc", types);

    failures.into_result()
}

/// They are outside the workspace. Without its default features their crate needs no C++ compiler, nor instrumentation.
fn check_fuzz_targets(workspace: &Workspace, failures: &mut Failures) {
    let console = &workspace.console;
    let fmt = workspace.cargo(["fmt", "--manifest-path", fuzz::MANIFEST, "--check", "--", "-l"]);
    failures.record("fmt of the fuzz targets", console.run("cargo fmt for the fuzz targets", fmt));

    let mut clippy = workspace.cargo(["clippy", "--manifest-path", fuzz::MANIFEST, "--no-default-features"]);
    clippy.args(["--", "-D", "warnings"]).env("CARGO_TARGET_DIR", fuzz::target_folder(workspace));
    failures.record("clippy of the fuzz targets", console.run("cargo clippy for the fuzz targets", clippy));

    let mut deny = workspace.command(CargoTool::cargo_deny(workspace).bin("cargo-deny"), []);
    deny.args(["--manifest-path", fuzz::MANIFEST, "check", "bans", "licenses", "sources"]);
    failures.record("cargo-deny of the fuzz targets", console.run("cargo deny for the fuzz targets", deny));
}

/// The client of other people's is outside as well.
fn check_oauth2(workspace: &Workspace, failures: &mut Failures) {
    let console = &workspace.console;
    let fmt = workspace.cargo(["fmt", "--manifest-path", tests::OAUTH2_MANIFEST, "--check", "--", "-l"]);
    failures.record("fmt of quash-test-oauth2", console.run("cargo fmt for quash-test-oauth2", fmt));

    let mut clippy = workspace.cargo(["clippy", "--manifest-path", tests::OAUTH2_MANIFEST, "--", "-D", "warnings"]);
    clippy.env("CARGO_TARGET_DIR", tests::oauth2_target(workspace));
    failures.record("clippy of quash-test-oauth2", console.run("cargo clippy for quash-test-oauth2", clippy));
}
