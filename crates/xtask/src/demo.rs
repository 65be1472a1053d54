//! `cargo xtask demo`: builds everything and becomes the demo.

use std::os::unix::process::CommandExt;

use anyhow::{Context, Result};

use crate::builds::{self, Part};
use crate::workspace::Workspace;

/// # Errors
/// When something cannot be built. Once the demo runs, its exit code is ours.
pub(crate) fn run(workspace: &Workspace, once: bool, port: Option<u16>) -> Result<()> {
    builds::run(workspace, &[Part::Browser, Part::Worker, Part::Demo])?;
    let mut command = workspace.node(["www/demo/demo.ts"]);
    if once {
        command.arg("--once");
    }
    if let Some(port) = port {
        command.args(["--port", &port.to_string()]);
    }
    // In our place, not below us: signals then reach the one who has a server to stop.
    Err(command.exec()).context("cannot start the demo")
}
