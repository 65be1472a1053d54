//! Dependencies point one way: `worker → edge → core ← browser`, `js → core ← server`, `tower → engine → core`; the core knows
//! nothing of the web.

use std::collections::BTreeSet;

use anyhow::{Result, bail};

use crate::workspace::Workspace;

/// Every crate of the workspace, and the other ones that it may be built on, directly or not.
const LAYERS: [(&str, &[&str]); 16] = [
    ("quash-bench", &["quash-core"]),
    ("quash-bench-guarded", &["quash-core", "quash-edge", "quash-engine"]),
    ("quash-bench-hello", &[]),
    ("quash-browser", &["quash-core"]),
    ("quash-core", &[]),
    ("quash-demo", &[]),
    ("quash-edge", &["quash-core", "quash-engine"]),
    ("quash-engine", &["quash-core"]),
    ("quash-js", &["quash-core", "quash-engine"]),
    ("quash-server", &["quash-core", "quash-engine"]),
    ("quash-sim", &["quash-core"]),
    ("quash-test-guard", &["quash-core", "quash-edge", "quash-engine"]),
    ("quash-test-router", &["quash-core", "quash-edge", "quash-engine"]),
    ("quash-tower", &["quash-core", "quash-engine"]),
    ("quash-worker", &["quash-core", "quash-edge", "quash-engine"]),
    ("xtask", &[]),
];

/// What would bring a clock, a source of randomness or a JavaScript host into the core; and the oracle of its tests.
const NOT_IN_CORE: [&str; 11] = [
    "chrono",
    "getrandom",
    "gloo",
    "js-sys",
    "jsonwebtoken",
    "rand",
    "time",
    "tokio",
    "wasm-bindgen",
    "web-sys",
    "worker",
];

/// # Errors
/// When a crate depends on what its layer may not know, or has no layer.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    let known: BTreeSet<String> = LAYERS.iter().map(|(name, _)| (*name).to_owned()).collect();
    if workspace.members != known {
        let different: Vec<_> = workspace.members.symmetric_difference(&known).cloned().collect();
        bail!("give each crate of the workspace its layer in layers.rs: {}", different.join(", "));
    }
    let mut violations = Vec::new();
    for (package, _) in LAYERS {
        violations.extend(violations_of(package, &dependencies(workspace, package)?));
    }
    if violations.is_empty() {
        return Ok(());
    }
    bail!("the layers forbid {}", violations.join(", "))
}

fn violations_of(package: &str, dependencies: &BTreeSet<String>) -> Vec<String> {
    let layer = |name: &str| LAYERS.iter().find(|(layer, _)| *layer == name);
    let allowed = layer(package).map_or(&[][..], |(_, allowed)| allowed);
    let is_forbidden = |name: &str| {
        let is_other_layer = layer(name).is_some() && name != package && !allowed.contains(&name);
        is_other_layer || package == "quash-core" && NOT_IN_CORE.contains(&name)
    };
    let forbidden = dependencies.iter().filter(|name| is_forbidden(name));
    forbidden.map(|name| format!("{package} → {name}")).collect()
}

/// All crates that `package` is built from, on any target.
///
/// By `cargo tree`, not by the graph of `cargo metadata`: that one unites the features which the whole workspace asks of a
/// crate, and so would blame the core for what a neighbour switched on.
fn dependencies(workspace: &Workspace, package: &str) -> Result<BTreeSet<String>> {
    let mut command = workspace.cargo(["tree", "--package", package, "--edges=normal,no-proc-macro", "--target=all"]);
    command.args(["--prefix=none", "--format={p}"]);
    let output = command.output()?;
    if !output.status.success() {
        bail!("`cargo tree` failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let names = String::from_utf8(output.stdout)?;
    Ok(names.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect())
}

#[cfg(test)]
mod unit {
    use super::*;
    use crate::step::Console;

    #[test]
    fn dependencies_point_one_way() {
        check(&Workspace::locate(Console::new(false)).unwrap()).unwrap();
    }

    #[test]
    fn violations_are_named() {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert!(violations_of("quash-core", &set(&["quash-core", "sha2"])).is_empty());
        assert!(violations_of("quash-edge", &set(&["quash-edge", "quash-core", "js-sys"])).is_empty());
        assert_eq!(violations_of("quash-core", &set(&["quash-core", "js-sys"])), ["quash-core → js-sys"]);
        let edge = set(&["quash-browser", "quash-core", "quash-edge"]);
        assert_eq!(violations_of("quash-edge", &edge), ["quash-edge → quash-browser"]);
    }

    #[test]
    fn the_whole_tree_is_seen() {
        let workspace = Workspace::locate(Console::new(false)).unwrap();
        let dependencies = dependencies(&workspace, "xtask").unwrap();
        for name in ["xtask", "serde_json", "itoa"] {
            assert!(dependencies.contains(name), "{name} is not in {dependencies:?}");
        }
    }
}
