//! `cargo xtask size`: the bytes that a browser downloads and that a deployment uploads.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Map, Value};

use crate::builds::{self, Part};
use crate::workspace::Workspace;

/// What a page imports that uses the plain function and the element.
const ENTRIES: [&str; 2] = ["www/quash/dist/index.js", "www/quash/dist/element.js"];

const MODULE: &str = "www/quash/wasm/quash_bg.wasm";

/// # Errors
/// When it could not measure. Whether a figure is good is for its reader.
pub(crate) fn run(workspace: &Workspace, json: bool) -> Result<()> {
    builds::run(workspace, &[Part::Browser, Part::Worker])?;
    let mut cases = browser(workspace)?;
    cases.push(worker(workspace)?);
    if json {
        cases.iter().flat_map(Case::json_lines).for_each(|line| println!("{line}"));
        return Ok(());
    }
    println!("{:<22}{:>10}{:>10}{:>10}", "", "raw", "gzip", "brotli");
    for Case { name, size } in cases {
        println!("{name:<22}{:>8} B{:>8} B{:>8} B", size.raw, size.gzip, size.brotli);
    }
    Ok(())
}

struct Case {
    name: &'static str,
    size: Size,
}

impl Case {
    fn json_lines(&self) -> [String; 3] {
        let Self { name, size } = self;
        [("raw", size.raw), ("gzip", size.gzip), ("brotli", size.brotli)]
            .map(|(metric, value)| format!(r#"{{"case":"{name}","metric":"{metric}","value":{value},"unit":"B"}}"#))
    }
}

/// Bytes of some files, each compressed by itself as a server does it.
#[derive(Debug, Default, PartialEq)]
struct Size {
    raw: usize,
    gzip: usize,
    brotli: usize,
}

impl Size {
    fn add(&mut self, file: &Path) -> Result<()> {
        let bytes = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        self.raw += bytes.len();
        self.gzip += gzip(&bytes)?;
        self.brotli += brotli(&bytes)?;
        Ok(())
    }
}

fn gzip(bytes: &[u8]) -> std::io::Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}

fn brotli(mut bytes: &[u8]) -> std::io::Result<usize> {
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut bytes, &mut compressed, &brotli::enc::BrotliEncoderParams::default())?;
    Ok(compressed.len())
}

/// The npm package as a bundler ships it, and the module that it fetches.
fn browser(workspace: &Workspace) -> Result<Vec<Case>> {
    let folder = empty_folder(workspace, "browser")?;
    let metafile = folder.join("meta.json");
    let flags = ["--bundle", "--format=esm", "--minify", "--splitting"];
    let mut command = workspace.command(workspace.npm_bin("esbuild"), flags);
    command.args(ENTRIES);
    command.arg(format!("--outdir={}", folder.display())).arg(format!("--metafile={}", metafile.display()));
    workspace.console.run("esbuild quash", command)?;

    let meta: Value = serde_json::from_slice(&fs::read(&metafile)?)?;
    let outputs = meta["outputs"].as_object().context("esbuild's metafile lists no outputs")?;
    let mut total = Size::default();
    for output in outputs.keys() {
        total.add(&workspace.path(output))?;
    }
    total.add(&workspace.path(MODULE))?;

    let mut before_click = Size::default();
    for output in loaded_at_once(outputs) {
        before_click.add(&workspace.path(output))?;
    }
    Ok(vec![Case { name: "browser/total", size: total }, Case { name: "browser/before-click", size: before_click }])
}

/// The entries of a bundle and what they import statically; the rest is fetched when it is used.
fn loaded_at_once(outputs: &Map<String, Value>) -> BTreeSet<&str> {
    let is_entry = |output: &Value| output["entryPoint"].as_str().is_some_and(|entry| ENTRIES.contains(&entry));
    let mut waiting: Vec<&str> =
        outputs.iter().filter(|(_, output)| is_entry(output)).map(|(path, _)| path.as_str()).collect();
    let mut loaded = BTreeSet::new();
    while let Some(path) = waiting.pop() {
        if !loaded.insert(path) {
            continue;
        }
        let imports = outputs.get(path).and_then(|output| output["imports"].as_array()).into_iter().flatten();
        let is_static = |import: &&Value| import["kind"] == "import-statement" && import["external"] != true;
        waiting.extend(imports.filter(is_static).filter_map(|import| import["path"].as_str()));
    }
    loaded
}

/// What `wrangler deploy` uploads: it bundles once more, so the files in `build/` are not quite it.
fn worker(workspace: &Workspace) -> Result<Case> {
    let folder = empty_folder(workspace, "worker")?;
    let mut command =
        workspace.node(["node_modules/wrangler/bin/wrangler.js", "deploy", "--dry-run", "--env=", "--outdir"]);
    command.arg(&folder).env("WRANGLER_SEND_METRICS", "false");
    workspace.console.run("wrangler deploy --dry-run", command)?;

    let mut size = Size::default();
    for entry in fs::read_dir(&folder)? {
        let file = entry?.path();
        // Beside the modules lie a README and a source map, which stay here.
        if file.extension().is_some_and(|extension| extension == "js" || extension == "wasm") {
            size.add(&file)?;
        }
    }
    if size == Size::default() {
        bail!("wrangler left no module in {}", folder.display());
    }
    Ok(Case { name: "worker/total", size })
}

fn empty_folder(workspace: &Workspace, name: &str) -> Result<PathBuf> {
    let folder = workspace.target.join("xtask/size").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

#[cfg(test)]
mod unit {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_figure_is_one_json_line() {
        let case = Case { name: "browser/total", size: Size { raw: 30, gzip: 20, brotli: 10 } };
        assert_eq!(case.json_lines()[1], r#"{"case":"browser/total","metric":"gzip","value":20,"unit":"B"}"#);
        for line in case.json_lines() {
            let value: Value = serde_json::from_str(&line).unwrap();
            assert_eq!((&value["case"], &value["unit"]), (&json!("browser/total"), &json!("B")));
        }
    }

    #[test]
    fn files_are_compressed() {
        let text = b"quash ".repeat(1000);
        assert!((20..200).contains(&gzip(&text).unwrap()));
        assert!((10..100).contains(&brotli(&text).unwrap()));
    }

    #[test]
    fn what_is_imported_lazily_is_not_loaded_at_once() {
        let meta = json!({
            "index.js": { "entryPoint": ENTRIES[0], "imports": [
                { "path": "shared.js", "kind": "import-statement" },
                { "path": "wasm.js", "kind": "dynamic-import" },
                { "path": "react", "kind": "import-statement", "external": true },
            ] },
            "shared.js": { "imports": [{ "path": "index.js", "kind": "import-statement" }] },
            "wasm.js": { "entryPoint": "www/quash/wasm/quash.js", "imports": [] },
        });
        assert_eq!(loaded_at_once(meta.as_object().unwrap()), BTreeSet::from(["index.js", "shared.js"]));
    }
}
