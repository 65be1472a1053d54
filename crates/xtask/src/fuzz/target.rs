//! One fuzz target: its program, its corpus, and the folder that it works in.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::log::{self, Report};
use crate::workspace::Workspace;

/// The longest input: a little more than the longest token, so that one too long is tried too. Nothing else may be longer.
const MAX_INPUT_BYTES: usize = 8 * 1024 + 64;

/// Found inputs in a committed corpus. They make up most of what can be reached; each one more would reach an edge or two.
const MAX_FOUND: usize = 32;

pub(super) struct Target {
    pub(super) name: String,
    program: PathBuf,
    /// The inputs that are committed: some written by hand and named for what they are, the others found and named by their
    /// hashes.
    corpus: PathBuf,
    /// What the inputs are made of, for the targets that have such a file.
    dictionary: PathBuf,
    /// A copy of the corpus, so that a run leaves the checkout as it is, and the log.
    work: PathBuf,
    artifacts: PathBuf,
}

impl Target {
    /// The targets of these names, or all; `programs` is the folder that they were built into.
    ///
    /// # Errors
    /// When there is no target of such a name.
    pub(super) fn find(workspace: &Workspace, programs: &Path, names: &[String]) -> Result<Vec<Self>> {
        let folder = workspace.path("tests/fuzz/targets");
        let files = fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        let files = files.map(|file| Ok(file?.path())).collect::<Result<Vec<_>>>()?;
        let sources = files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "rs"));
        let mut known: Vec<_> = sources.filter_map(|file| file.file_stem()?.to_str()).collect();
        known.sort_unstable();
        if let Some(unknown) = names.iter().find(|name| !known.contains(&name.as_str())) {
            bail!("`{unknown}` is not one of {}", known.join(", "));
        }
        known.retain(|name| names.is_empty() || names.iter().any(|named| named == name));
        let target = |name: &str| Self {
            name: name.to_owned(),
            program: programs.join(name),
            corpus: workspace.path("tests/fuzz/corpus").join(name),
            dictionary: folder.join(name).with_extension("dict"),
            work: workspace.target.join("fuzz-work").join(name),
            artifacts: workspace.target.join("fuzz-artifacts").join(name),
        };
        Ok(known.into_iter().map(target).collect())
    }

    /// Runs the target for this long.
    ///
    /// # Errors
    /// When it failed: says on which input, and how to see it again.
    pub(super) fn fuzz(&self, seconds: u32) -> Result<Report> {
        self.copy_corpus()?;
        fs::create_dir_all(&self.artifacts)?;
        let log = self.work.join("log");
        let mut command = self.command();
        command.arg(format!("-max_total_time={seconds}")).args(["-timeout=5", "-rss_limit_mb=2048"]);
        command.arg("-print_final_stats=1").arg(format!("-artifact_prefix={}/", self.artifacts.display()));
        command.arg(self.inputs());
        // The story of a failure is short without it, and whoever replays one may ask for it.
        command.env("RUST_BACKTRACE", "0");
        let output = File::create(&log)?;
        let status = command.stdout(output.try_clone()?).stderr(output).status();
        let status = status.with_context(|| format!("cannot start {}", self.program.display()))?;
        let log = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        if status.success() {
            return Report::read(&log).context("libFuzzer said nothing of what it did");
        }
        let replay = log::artifact(&log).map(|input| format!("; replay: {} {input}", self.program.display()));
        bail!("{}\nit failed ({status}){}", log::failure(&log), replay.unwrap_or_default())
    }

    /// Makes the committed corpus: what was written by hand, and of what was found, then and now, that which adds most.
    ///
    /// # Errors
    /// When a file cannot be removed, or libFuzzer cannot merge.
    pub(super) fn grow(&self, workspace: &Workspace) -> Result<()> {
        // The work folder has copies.
        remove(self.found()?)?;
        let mut command = self.command();
        // By what is reached, and not by how often: that would be five times as many files.
        command.args(["-set_cover_merge=1", "-use_counters=0"]).arg(&self.corpus).arg(self.inputs());
        workspace.console.run(&format!("keep what {} found", self.name), command)?;

        // Written in the order of what each adds to those before it.
        let mut found = self.found()?;
        found.sort_by_cached_key(|input| fs::metadata(input).and_then(|metadata| metadata.modified()).ok());
        remove(found.into_iter().skip(MAX_FOUND))
    }

    fn found(&self) -> Result<Vec<PathBuf>> {
        Ok(files(&self.corpus)?.into_iter().filter(|input| is_found(input)).collect())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.arg(format!("-max_len={MAX_INPUT_BYTES}")).current_dir(&self.work);
        if self.dictionary.exists() {
            command.arg(format!("-dict={}", self.dictionary.display()));
        }
        command
    }

    fn inputs(&self) -> PathBuf {
        self.work.join("corpus")
    }

    fn copy_corpus(&self) -> Result<()> {
        if self.work.exists() {
            fs::remove_dir_all(&self.work)?;
        }
        fs::create_dir_all(self.inputs())?;
        // A new target may begin with nothing.
        fs::create_dir_all(&self.corpus)?;
        for input in files(&self.corpus)? {
            let name = input.file_name().context("a file has a name")?;
            fs::copy(&input, self.inputs().join(name))?;
        }
        Ok(())
    }
}

fn remove(inputs: impl IntoIterator<Item = PathBuf>) -> Result<()> {
    inputs
        .into_iter()
        .try_for_each(|input| fs::remove_file(&input).with_context(|| format!("cannot remove {}", input.display())))
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    entries.map(|entry| Ok(entry?.path())).collect()
}

/// libFuzzer names an input by its SHA-1.
fn is_found(input: &Path) -> bool {
    let name = input.file_name().unwrap_or_default().as_encoded_bytes();
    name.len() == 40 && name.iter().all(u8::is_ascii_hexdigit)
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn what_was_written_by_hand_is_kept() {
        assert!(is_found(Path::new("corpus/token/da39a3ee5e6b4b0d3255bfef95601890afd80709")));
        assert!(!is_found(Path::new("corpus/token/accepted")));
    }
}
