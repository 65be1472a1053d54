//! Installs the tools that a command needs, each at the version that the repository locks, and only once.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context, Result};

use crate::system;
use crate::workspace::{WASM_TARGET, Workspace};

const CARGO_DENY_VERSION: &str = "0.20.2";
const CARGO_LLVM_COV_VERSION: &str = "0.9.1";
const CARGO_MUTANTS_VERSION: &str = "27.1.0";

/// What a command cannot do without. In the order of installation: what fails fast comes first.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Need {
    RustLints,
    LlvmTools,
    WasmTarget,
    NpmPackages,
    Chromium,
    Firefox,
    WebKit,
    Redis,
    Nginx,
    Authlib,
    Schemathesis,
    CxxCompiler,
    WasmBindgen,
    WorkerBuild,
    CargoDeny,
    CargoLlvmCov,
    CargoMutants,
}

/// A program that `cargo install` builds into a folder of its own.
pub(crate) struct CargoTool {
    package: &'static str,
    version: String,
    home: PathBuf,
}

impl CargoTool {
    /// Also gives `wasm-bindgen-test-runner`. It refuses modules of any other version of the crate.
    pub(crate) fn wasm_bindgen(workspace: &Workspace) -> Result<Self> {
        Ok(Self::new(workspace, "wasm-bindgen-cli", workspace.locked_version("wasm-bindgen")?))
    }

    /// Released together with the `worker` crate, under the same number.
    pub(crate) fn worker_build(workspace: &Workspace) -> Result<Self> {
        Ok(Self::new(workspace, "worker-build", workspace.locked_version("worker")?))
    }

    pub(crate) fn cargo_deny(workspace: &Workspace) -> Self {
        Self::new(workspace, "cargo-deny", CARGO_DENY_VERSION.to_owned())
    }

    pub(crate) fn cargo_llvm_cov(workspace: &Workspace) -> Self {
        Self::new(workspace, "cargo-llvm-cov", CARGO_LLVM_COV_VERSION.to_owned())
    }

    pub(crate) fn cargo_mutants(workspace: &Workspace) -> Self {
        Self::new(workspace, "cargo-mutants", CARGO_MUTANTS_VERSION.to_owned())
    }

    fn new(workspace: &Workspace, package: &'static str, version: String) -> Self {
        let home = workspace.cache.join(format!("{package}-{version}"));
        Self { package, version, home }
    }

    pub(crate) fn bin(&self, program: &str) -> PathBuf {
        self.home.join("bin").join(program)
    }

    pub(crate) fn label(&self) -> String {
        format!("{} {}", self.package, self.version)
    }
}

/// Installs what is missing of `needs`.
///
/// # Errors
/// When something can neither be found nor installed.
pub(crate) fn ensure(workspace: &Workspace, needs: impl IntoIterator<Item = Need>) -> Result<()> {
    let needs: BTreeSet<Need> = needs.into_iter().collect();
    let mut cargo_tools = Vec::new();
    for need in needs {
        match need {
            Need::RustLints => ensure_rust_lints(workspace)?,
            Need::LlvmTools => ensure_llvm_tools(workspace)?,
            Need::WasmTarget => ensure_wasm_target(workspace)?,
            Need::NpmPackages => ensure_npm_packages(workspace)?,
            Need::Chromium => system::CHROMIUM.ensure(workspace)?,
            Need::Firefox => system::FIREFOX.ensure(workspace)?,
            Need::WebKit => {
                system::WEBKIT_DRIVER.ensure(workspace)?;
                system::XVFB.ensure(workspace)?;
            }
            Need::Redis => system::REDIS.ensure(workspace)?,
            Need::Nginx => system::NGINX.ensure(workspace)?,
            Need::Authlib => AUTHLIB.ensure(workspace)?,
            Need::Schemathesis => SCHEMATHESIS.ensure(workspace)?,
            Need::CxxCompiler => system::ensure_cxx_compiler(workspace)?,
            Need::WasmBindgen => cargo_tools.push(CargoTool::wasm_bindgen(workspace)?),
            Need::WorkerBuild => cargo_tools.push(CargoTool::worker_build(workspace)?),
            Need::CargoDeny => cargo_tools.push(CargoTool::cargo_deny(workspace)),
            Need::CargoLlvmCov => cargo_tools.push(CargoTool::cargo_llvm_cov(workspace)),
            Need::CargoMutants => cargo_tools.push(CargoTool::cargo_mutants(workspace)),
        }
    }
    ensure_cargo_tools(workspace, &cargo_tools)
}

/// rust-toolchain.toml names these and the target, but rustup may have been told to install nothing by itself.
fn ensure_rust_lints(workspace: &Workspace) -> Result<()> {
    let mut queries = ["fmt", "clippy"].map(|name| workspace.cargo([name, "--version"]));
    if queries.iter_mut().all(|query| query.output().is_ok_and(|output| output.status.success())) {
        workspace.console.cached("clippy and rustfmt");
        return Ok(());
    }
    let command = workspace.command("rustup", ["component", "add", "clippy", "rustfmt"]);
    workspace.console.run("rustup component add clippy rustfmt", command)
}

/// The ones of rustc's own LLVM: others may not read what its counters wrote.
fn ensure_llvm_tools(workspace: &Workspace) -> Result<()> {
    let mut query = workspace.command("rustc", ["--print=target-libdir"]);
    let folder = String::from_utf8(query.output().context("cannot start `rustc`")?.stdout)?;
    if Path::new(folder.trim()).with_file_name("bin").join("llvm-profdata").is_file() {
        workspace.console.cached("llvm-tools");
        return Ok(());
    }
    let command = workspace.command("rustup", ["component", "add", "llvm-tools"]);
    workspace.console.run("rustup component add llvm-tools", command)
}

fn ensure_wasm_target(workspace: &Workspace) -> Result<()> {
    let mut query = workspace.command("rustc", ["--print=target-libdir", "--target", WASM_TARGET]);
    let folder = String::from_utf8(query.output().context("cannot start `rustc`")?.stdout)?;
    if Path::new(folder.trim()).is_dir() {
        workspace.console.cached(WASM_TARGET);
        return Ok(());
    }
    let command = workspace.command("rustup", ["target", "add", WASM_TARGET]);
    workspace.console.run(&format!("rustup target add {WASM_TARGET}"), command)
}

/// npm writes its own copy of the lockfile as its last act: older than ours, or absent, it tells of another tree.
fn ensure_npm_packages(workspace: &Workspace) -> Result<()> {
    let wanted = modified(&workspace.path("package-lock.json")).context("there is no package-lock.json")?;
    let installed = modified(&workspace.path("node_modules/.package-lock.json"));
    if installed.is_some_and(|installed| installed >= wanted) {
        workspace.console.cached("npm packages");
        return Ok(());
    }
    workspace.console.run("npm ci", workspace.npm(["ci", "--no-audit", "--no-fund"]))
}

/// A package of Python's, in an environment of its own.
pub(crate) struct PythonTool {
    package: &'static str,
    version: &'static str,
    /// What it needs besides what it says.
    with: Option<&'static str>,
    /// What can be imported once it is there.
    module: &'static str,
}

pub(crate) const AUTHLIB: PythonTool = PythonTool {
    package: "authlib",
    version: "1.9.10",
    with: Some("requests==2.34.2"),
    module: "authlib.integrations.requests_client",
};

pub(crate) const SCHEMATHESIS: PythonTool =
    PythonTool { package: "schemathesis", version: "4.32.5", with: None, module: "schemathesis.cli" };

impl PythonTool {
    fn home(&self, workspace: &Workspace) -> PathBuf {
        workspace.cache.join(format!("{}-{}", self.package, self.version))
    }

    /// A program of the environment.
    pub(crate) fn bin(&self, workspace: &Workspace, program: &str) -> PathBuf {
        self.home(workspace).join("bin").join(program)
    }

    /// It is there once it can be imported: an environment cannot be made elsewhere and moved.
    fn ensure(&self, workspace: &Workspace) -> Result<()> {
        let python = self.bin(workspace, "python");
        let imports = ["-c", &format!("import {}", self.module)];
        if python.is_file() && workspace.command(&python, imports).output().is_ok_and(|output| output.status.success())
        {
            workspace.console.cached(&format!("{} {}", self.package, self.version));
            return Ok(());
        }
        system::ensure_python(workspace)?;
        fs::create_dir_all(&workspace.cache).with_context(|| format!("cannot create {}", workspace.cache.display()))?;
        let _lock = lock_cache(workspace)?;
        let mut venv = workspace.command("python3", ["-m", "venv", "--clear"]);
        venv.arg(self.home(workspace));
        workspace.console.run("python3 -m venv", venv)?;
        let mut install = workspace.command(&python, ["-m", "pip", "install", "--disable-pip-version-check"]);
        install.arg(format!("{}=={}", self.package, self.version)).args(self.with);
        workspace.console.run(&format!("pip install {}", self.package), install)
    }
}

fn modified(file: &Path) -> Option<SystemTime> {
    fs::metadata(file).and_then(|metadata| metadata.modified()).ok()
}

fn ensure_cargo_tools(workspace: &Workspace, tools: &[CargoTool]) -> Result<()> {
    if tools.iter().all(|tool| tool.home.is_dir()) {
        tools.iter().for_each(|tool| workspace.console.cached(&tool.label()));
        return Ok(());
    }
    fs::create_dir_all(&workspace.cache).with_context(|| format!("cannot create {}", workspace.cache.display()))?;
    let _lock = lock_cache(workspace)?;
    // Shared by the tools that are missing now, for what they have in common, and of no use afterwards.
    let build = workspace.cache.join("build");
    for tool in tools {
        if tool.home.is_dir() {
            workspace.console.cached(&tool.label());
        } else {
            install(workspace, tool, &build)?;
        }
    }
    if build.exists() {
        fs::remove_dir_all(&build)?;
    }
    Ok(())
}

/// Held until the file is closed, at the latest when the process ends, however it ends.
fn lock_cache(workspace: &Workspace) -> Result<File> {
    let file = File::create(workspace.cache.join("lock"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            workspace.console.note("waiting for another xtask that is installing tools");
            file.lock()?;
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).context("cannot lock the cache of tools");
        }
    }
    Ok(file)
}

/// A folder appears under its final name only when it is complete.
fn install(workspace: &Workspace, tool: &CargoTool, build: &Path) -> Result<()> {
    if tool.package == "worker-build" {
        system::ensure_openssl(workspace)?;
    }
    let staging = workspace.cache.join("staging");
    if staging.exists() {
        fs::remove_dir_all(&staging)?;
    }
    let what = format!("cargo install {}", tool.label());
    let cargo_install = || {
        let mut command = workspace.cargo(["install", tool.package, "--version", &tool.version, "--root"]);
        command.arg(&staging).env("CARGO_TARGET_DIR", build);
        // Away from this repository's settings for Cargo.
        command.current_dir(std::env::temp_dir());
        // They run for seconds, and to optimise them as for a release takes minutes.
        command.envs([
            ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
            ("CARGO_PROFILE_RELEASE_LTO", "off"),
            ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256"),
        ]);
        command
    };
    let mut locked = cargo_install();
    locked.arg("--locked");
    if let Some(output) = workspace.console.attempt(&what, locked)? {
        // A registry may lack a version that the tool's own lockfile names.
        let reason = output.lines().find(|line| line.starts_with("error")).unwrap_or("error: no reason given");
        workspace.console.note(&format!("{what} --locked: {reason}; once more without --locked"));
        workspace.console.run(&what, cargo_install())?;
    }
    fs::rename(&staging, &tool.home).with_context(|| format!("cannot create {}", tool.home.display()))
}
