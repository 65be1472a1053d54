//! Where things lie: the checkout, the cache of tools, the programs that npm installed.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::step::Console;

pub(crate) const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// The variable that has Cargo build for that target with SIMD, as every server runs it.
pub(crate) const SIMD: (&str, &str) = ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", "-Ctarget-feature=+simd128");

pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    /// Cargo's folder for what it builds.
    pub(crate) target: PathBuf,
    /// The names of the workspace's own crates.
    pub(crate) members: BTreeSet<String>,
    /// Holds the tools that were installed, one folder per name and version.
    pub(crate) cache: PathBuf,
    pub(crate) console: Console,
}

impl Workspace {
    /// The workspace of the current folder.
    ///
    /// # Errors
    /// When there is none, or no folder for the cache.
    pub(crate) fn locate(console: Console) -> Result<Self> {
        let output = Command::new("cargo").args(["metadata", "--no-deps", "--format-version=1"]).output();
        let output = output.context("cannot start `cargo`")?;
        if !output.status.success() {
            bail!("`cargo metadata` failed: {}", String::from_utf8_lossy(&output.stderr));
        }
        let metadata: Value = serde_json::from_slice(&output.stdout)?;
        let folder =
            |name: &str| metadata[name].as_str().map(PathBuf::from).context("`cargo metadata` names no folders");
        let packages = metadata["packages"].as_array().into_iter().flatten();
        let cache = cache_folder(|name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from))
            .context("set QUASH_CACHE to a folder for tools: there is no home folder")?;
        Ok(Self {
            root: folder("workspace_root")?,
            target: folder("target_directory")?,
            members: packages.filter_map(|package| package["name"].as_str()).map(str::to_owned).collect(),
            cache: std::path::absolute(cache)?,
            console,
        })
    }

    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// A program that npm installed.
    pub(crate) fn npm_bin(&self, name: &str) -> PathBuf {
        self.path("node_modules/.bin").join(name)
    }

    pub(crate) fn cargo<const N: usize>(&self, arguments: [&str; N]) -> Command {
        self.command("cargo", arguments)
    }

    pub(crate) fn npm<const N: usize>(&self, arguments: [&str; N]) -> Command {
        self.command("npm", arguments)
    }

    /// The Node.js that package.json pins: the system's may be too old for wrangler and for running TypeScript.
    pub(crate) fn node<const N: usize>(&self, arguments: [&str; N]) -> Command {
        self.command(self.npm_bin("node"), arguments)
    }

    /// A command in the root, with the npm programs first on its path.
    pub(crate) fn command<const N: usize>(
        &self,
        program: impl AsRef<std::ffi::OsStr>,
        arguments: [&str; N],
    ) -> Command {
        let path = env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.path("node_modules/.bin")).chain(env::split_paths(&path));
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.root);
        // Fails only for a root with a colon in its name; then the system's programs have to do.
        if let Ok(path) = env::join_paths(folders) {
            command.env("PATH", path);
        }
        command
    }

    /// The version of `package` that Cargo.lock holds.
    pub(crate) fn locked_version(&self, package: &str) -> Result<String> {
        let lockfile = fs::read_to_string(self.path("Cargo.lock")).context("cannot read Cargo.lock")?;
        version_in(&lockfile, package).map(str::to_owned)
    }
}

fn cache_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    variable("QUASH_CACHE")
        .or_else(|| Some(variable("XDG_CACHE_HOME")?.join("quash")))
        .or_else(|| Some(variable("HOME")?.join(".cache/quash")))
}

/// Cargo writes this file and keeps its layout: `name`, then `version`, each on a line of its own.
fn version_in<'a>(lockfile: &'a str, package: &str) -> Result<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lockfile.lines();
    let mut versions = Vec::new();
    while lines.any(|line| line == name) {
        let version = lines.next().and_then(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
        versions.push(version.with_context(|| format!("Cargo.lock names no version of `{package}`"))?);
    }
    match versions[..] {
        [version] => Ok(version),
        [] => bail!("`{package}` is not in Cargo.lock"),
        _ => bail!("Cargo.lock holds several versions of `{package}`: {}", versions.join(", ")),
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    const LOCKFILE: &str = r#"
version = 4

[[package]]
name = "wasm-bindgen"
version = "0.2.130"
source = "registry"
dependencies = [
 "wasm-bindgen-macro",
]

[[package]]
name = "wasm-bindgen-macro"
version = "0.2.131"

[[package]]
name = "syn"
version = "1.0.0"

[[package]]
name = "syn"
version = "2.0.0"
"#;

    #[test]
    fn the_locked_version_is_read() {
        assert_eq!(version_in(LOCKFILE, "wasm-bindgen").unwrap(), "0.2.130");
    }

    #[test]
    fn a_missing_or_ambiguous_version_is_refused() {
        assert_eq!(version_in(LOCKFILE, "worker").unwrap_err().to_string(), "`worker` is not in Cargo.lock");
        let ambiguous = version_in(LOCKFILE, "syn").unwrap_err().to_string();
        assert_eq!(ambiguous, "Cargo.lock holds several versions of `syn`: 1.0.0, 2.0.0");
    }

    #[test]
    fn the_cache_folder_follows_the_environment() {
        let folder = |set: &[(&str, &str)]| {
            cache_folder(|name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value)))
        };
        let all = [("HOME", "/home/a"), ("XDG_CACHE_HOME", "/xdg"), ("QUASH_CACHE", "/quash")];
        assert_eq!(folder(&all), Some(PathBuf::from("/quash")));
        assert_eq!(folder(&all[..2]), Some(PathBuf::from("/xdg/quash")));
        assert_eq!(folder(&all[..1]), Some(PathBuf::from("/home/a/.cache/quash")));
        assert_eq!(folder(&[]), None);
    }
}
