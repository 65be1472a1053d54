//! What the operating system has to bring. Installed only where that is surely wanted: on Debian, as root.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Result, bail};

use crate::workspace::Workspace;

const CHROMIUM: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// The variable in which the tests look for the browser.
pub(crate) const CHROMIUM_VARIABLE: &str = "CHROMIUM_BIN";

/// The browser of the tests: the one that the environment names, or the first on the path.
pub(crate) fn chromium() -> Option<PathBuf> {
    let named = env::var_os(CHROMIUM_VARIABLE).map(PathBuf::from);
    named.or_else(|| CHROMIUM.iter().find_map(|name| find_on_path(name)))
}

/// # Errors
/// When there is no browser and it cannot be installed.
pub(crate) fn ensure_chromium(workspace: &Workspace) -> Result<()> {
    match chromium() {
        Some(program) => {
            workspace.console.cached(&program.display().to_string());
            Ok(())
        }
        None => install(workspace, "Chromium", &["chromium"]),
    }
}

/// What compiles libFuzzer.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn ensure_cxx_compiler(workspace: &Workspace) -> Result<()> {
    if succeeds(Command::new("c++").arg("--version")) {
        workspace.console.cached("C++ compiler");
        return Ok(());
    }
    install(workspace, "a C++ compiler", &["g++"])
}

/// OpenSSL's headers, which worker-build is compiled against (only its downloader uses them, and we never let it download).
///
/// # Errors
/// When they are missing and cannot be installed.
pub(crate) fn ensure_openssl(workspace: &Workspace) -> Result<()> {
    if !cfg!(target_os = "linux") || succeeds(Command::new("pkg-config").args(["--exists", "openssl"])) {
        return Ok(());
    }
    install(workspace, "OpenSSL's headers", &["libssl-dev", "pkg-config"])
}

fn install(workspace: &Workspace, what: &str, packages: &[&str]) -> Result<()> {
    let packages_text = packages.join(" ");
    if !is_root() || !Path::new("/etc/debian_version").exists() {
        bail!("{what} is missing: please install it (on Debian: `apt-get install {packages_text}`) and try again");
    }
    workspace.console.run("apt-get update", workspace.command("apt-get", ["update"]))?;
    let mut command = workspace.command("apt-get", ["install", "--yes", "--no-install-recommends"]);
    command.args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    workspace.console.run(&format!("apt-get install {packages_text}"), command)
}

fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn succeeds(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}
