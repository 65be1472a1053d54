//! `cargo xtask size`: the bytes that a browser downloads and that a deployment uploads.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::builds::{self, Part};
use crate::workspace::Workspace;

/// Builds what is measured, and becomes what measures it.
///
/// # Errors
/// When something cannot be built. Once the driver runs, its exit code is ours.
pub(crate) fn run(workspace: &Workspace, json: bool) -> Result<()> {
    builds::run(workspace, &[Part::Browser, Part::Worker])?;
    let deployed = bundle_worker(workspace)?;
    let mut driver = workspace.node(["tests/bench/size.ts", "--deployed"]);
    driver.arg(deployed).arg("--named").arg(workspace.path("crates/worker/build").join(builds::NAMED_MODULE));
    if json {
        driver.arg("--json");
    }
    Err(driver.exec()).context("cannot start the measurement")
}

/// What `wrangler deploy` uploads: it bundles once more, so the files in `build/` are not quite it.
fn bundle_worker(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.target.join("xtask/size/deployed");
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let mut command =
        workspace.node(["node_modules/wrangler/bin/wrangler.js", "deploy", "--dry-run", "--env=", "--outdir"]);
    command.arg(&folder).env("WRANGLER_SEND_METRICS", "false");
    workspace.console.run("wrangler deploy --dry-run", command)?;
    Ok(folder)
}
