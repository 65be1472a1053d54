//! What the operating system has to bring. Installed only where that is surely wanted: on Debian, as root.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::{env, fs};

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// A program that tests start, from a package of Debian's.
pub(crate) struct Program {
    what: &'static str,
    /// The variable in which the tests look for it, where it can be another than the one on the path.
    variable: Option<&'static str>,
    names: &'static [&'static str],
    package: &'static str,
}

pub(crate) const CHROMIUM: Program = Program {
    what: "Chromium",
    variable: Some("CHROMIUM_BIN"),
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
    package: "chromium",
};

pub(crate) const FIREFOX: Program = Program {
    what: "Firefox",
    variable: Some("FIREFOX_BIN"),
    names: &["firefox-esr", "firefox"],
    package: "firefox-esr",
};

/// Knows where its browser lies, and comes with it.
pub(crate) const WEBKIT_DRIVER: Program = Program {
    what: "WebKitGTK's driver",
    variable: Some("WEBKIT_DRIVER_BIN"),
    names: &["WebKitWebDriver"],
    package: "webkit2gtk-driver",
};

/// WebKitGTK draws on a screen, if need be on one that nobody sees.
pub(crate) const XVFB: Program = Program { what: "Xvfb", variable: None, names: &["Xvfb"], package: "xvfb" };

/// No port is taken and no file written but where a test says so.
pub(crate) const REDIS: Program =
    Program { what: "Redis", variable: None, names: &["redis-server"], package: "redis-server" };

/// Does nothing but what a test's own configuration says.
pub(crate) const NGINX: Program =
    Program { what: "nginx", variable: Some("NGINX_BIN"), names: &["nginx"], package: "nginx-light" };

impl Program {
    /// The one that the environment names, or the first on the path.
    fn find(&self) -> Option<PathBuf> {
        let named = self.variable.and_then(env::var_os).map(PathBuf::from);
        named.or_else(|| self.names.iter().find_map(|name| find_on_path(name).or_else(|| daemon(name))))
    }

    /// # Errors
    /// When it is missing and cannot be installed.
    pub(crate) fn ensure(&self, workspace: &Workspace) -> Result<()> {
        match self.find() {
            Some(program) => {
                workspace.console.cached(&program.display().to_string());
                Ok(())
            }
            None => install(workspace, self.what, &[self.package]),
        }
    }
}

/// Tells a test runner where the programs are.
pub(crate) fn name_programs(command: &mut Command) {
    for program in [CHROMIUM, FIREFOX, WEBKIT_DRIVER, NGINX] {
        if let Some((variable, found)) = program.variable.zip(program.find()) {
            command.env(variable, found);
        }
    }
}

/// What makes a virtual environment of Python's. Debian has it in a package of its own.
///
/// # Errors
/// When it is missing and cannot be installed.
pub(crate) fn ensure_python(workspace: &Workspace) -> Result<()> {
    if succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"])) {
        workspace.console.cached("Python");
        return Ok(());
    }
    install(workspace, "Python with venv", &["python3", "python3-venv"])
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
    // One command may want several packages; what there is does not change meanwhile.
    static UPDATED: AtomicBool = AtomicBool::new(false);
    if !UPDATED.load(Ordering::Relaxed) {
        workspace.console.run("apt-get update", workspace.command("apt-get", ["update"]))?;
        UPDATED.store(true, Ordering::Relaxed);
    }
    let mut command = workspace.command("apt-get", ["install", "--yes", "--no-install-recommends"]);
    command.args(packages).env("DEBIAN_FRONTEND", "noninteractive");
    workspace.console.run(&format!("apt-get install {packages_text}"), command)
}

fn find_on_path(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Where Debian has daemons, which is on root's path only.
fn daemon(program: &str) -> Option<PathBuf> {
    Some(Path::new("/usr/sbin").join(program)).filter(|file| file.is_file())
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

fn succeeds(command: &mut Command) -> bool {
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_program_is_found_on_the_path_by_the_first_of_its_names() {
        let program = Program { what: "a shell", variable: None, names: &["no-such-shell", "sh"], package: "dash" };
        assert!(program.find().is_some_and(|found| found.ends_with("sh")));
        assert_eq!(Program { names: &["no-such-shell"], ..program }.find(), None);
    }

    #[test]
    fn a_program_that_the_environment_names_is_not_looked_for() {
        // Cargo sets this one for every test.
        let named = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        let program = Program { what: "", variable: Some("CARGO_MANIFEST_DIR"), names: &["sh"], package: "" };
        assert_eq!(program.find(), named);
    }
}
