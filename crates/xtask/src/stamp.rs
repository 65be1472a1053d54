//! Remembers what a step was made from, so that it runs again only when that, or its result, has changed.

use std::collections::hash_map::DefaultHasher;
use std::fs;
use std::hash::{Hash, Hasher};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Folders in a source tree that hold results, not sources.
const GENERATED: [&str; 3] = ["build", "dist", "node_modules"];

/// A step that turns `inputs` (files or folders) into `outputs` (the same).
pub(crate) struct Stamp {
    file: PathBuf,
    /// What else the result depends on: versions and arguments.
    recipe: String,
    inputs: Vec<PathBuf>,
    outputs: Vec<PathBuf>,
}

impl Stamp {
    pub(crate) fn new(file: PathBuf, recipe: String, inputs: Vec<PathBuf>, outputs: Vec<PathBuf>) -> Self {
        Self { file, recipe, inputs, outputs }
    }

    /// Whether the outputs are exactly those that the inputs gave last time.
    ///
    /// # Errors
    /// When an input cannot be read. A missing output is no error: it is not fresh.
    pub(crate) fn is_fresh(&self) -> Result<bool> {
        if !self.outputs.iter().all(|output| output.exists()) {
            return Ok(false);
        }
        match fs::read_to_string(&self.file) {
            Ok(text) => Ok(text == self.text()?),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).with_context(|| format!("cannot read {}", self.file.display())),
        }
    }

    /// Records that the outputs now are what the inputs give. Call it last: a step that was cut short must run again.
    ///
    /// # Errors
    /// When an input or output cannot be read, or the stamp cannot be written.
    pub(crate) fn record(&self) -> Result<()> {
        if let Some(folder) = self.file.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.file, self.text()?).with_context(|| format!("cannot write {}", self.file.display()))
    }

    fn text(&self) -> Result<String> {
        // Changes with the Rust version at most, which then costs one more run; it guards against nobody.
        let mut hasher = DefaultHasher::new();
        self.recipe.hash(&mut hasher);
        for path in self.inputs.iter().chain(&self.outputs) {
            hash_tree(path, &mut hasher)?;
        }
        Ok(format!("{:016x}\n", hasher.finish()))
    }
}

fn hash_tree(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    let context = || format!("cannot read {}", path.display());
    path.hash(hasher);
    if !path.is_dir() {
        fs::read(path).with_context(context)?.hash(hasher);
        return Ok(());
    }
    let entries = fs::read_dir(path).with_context(context)?;
    let mut children = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    children.retain(|child| !GENERATED.iter().any(|name| child.ends_with(name)));
    children.sort();
    children.iter().try_for_each(|child| hash_tree(child, hasher))
}

#[cfg(test)]
mod unit {
    use super::*;

    /// A folder of its own for each test, with `source/` made into `result`.
    fn made(test: &str) -> (PathBuf, Stamp) {
        let folder = std::env::temp_dir().join(format!("quash-stamp-{test}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("source/deep")).unwrap();
        fs::write(folder.join("source/deep/a"), "a").unwrap();
        fs::write(folder.join("result"), "made of a").unwrap();
        let stamp = stamp_in(&folder, "-O");
        stamp.record().unwrap();
        (folder, stamp)
    }

    fn stamp_in(folder: &Path, recipe: &str) -> Stamp {
        let file = folder.join("stamps/test");
        Stamp::new(file, recipe.to_owned(), vec![folder.join("source")], vec![folder.join("result")])
    }

    #[test]
    fn nothing_changed() {
        let (folder, stamp) = made("unchanged");
        assert!(stamp.is_fresh().unwrap());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn every_change_is_seen() {
        let changes = [
            ("input", "echo b > source/deep/a"),
            ("new-input", "touch source/c"),
            ("output", "echo edited > result"),
            ("no-output", "rm result"),
            ("no-stamp", "rm stamps/test"),
        ];
        for (name, change) in changes {
            let (folder, stamp) = made(name);
            let mut shell = std::process::Command::new("sh");
            assert!(shell.args(["-c", change]).current_dir(&folder).status().unwrap().success());
            assert!(!stamp.is_fresh().unwrap(), "{name}");
            fs::remove_dir_all(folder).unwrap();
        }
    }

    #[test]
    fn another_recipe_is_another_result() {
        let (folder, _) = made("recipe");
        assert!(!stamp_in(&folder, "-Oz").is_fresh().unwrap());
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn results_below_a_source_folder_are_no_input() {
        let (folder, stamp) = made("generated");
        fs::create_dir_all(folder.join("source/node_modules")).unwrap();
        fs::write(folder.join("source/node_modules/x"), "").unwrap();
        assert!(stamp.is_fresh().unwrap());
        fs::remove_dir_all(folder).unwrap();
    }
}
