//! `cargo xtask coverage`: which lines of the core its tests run.
//!
//! The tests' own lines do not count. Nothing in a source can tell stable Rust so; they are known by where they stand.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use crate::tools::{self, CargoTool, Need};
use crate::workspace::Workspace;

/// The rest is room for what no test can reach: errors of libraries that never err.
const MIN_PERCENT: f64 = 97.0;

/// # Errors
/// When a test fails, or too few lines are run.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    tools::ensure(workspace, [Need::LlvmTools, Need::CargoLlvmCov])?;
    let report = workspace.target.join("coverage.lcov");
    let program = CargoTool::cargo_llvm_cov(workspace).bin("cargo-llvm-cov");
    let mut command = workspace.command(program, ["llvm-cov", "--package=quash-core", "--lcov", "--output-path"]);
    // A file that is the tests' own as a whole.
    command.arg(&report).arg("--ignore-filename-regex=/fixtures[.]rs$");
    workspace.console.run("cargo llvm-cov", command)?;

    let (mut run, mut all) = (0, 0);
    for file in read(&fs::read_to_string(report)?) {
        let source = fs::read_to_string(file.path).with_context(|| format!("cannot read {}", file.path))?;
        let end = end_of_code(&source);
        let lines: Vec<_> = file.lines.into_iter().filter(|(line, _)| *line < end).collect();
        let missed: Vec<_> = lines.iter().filter(|(_, runs)| *runs == 0).map(|(line, _)| line.to_string()).collect();
        let name = Path::new(file.path).strip_prefix(&workspace.root).unwrap_or(Path::new(file.path));
        let name = name.display().to_string();
        println!("{}", row(&name, lines.len() - missed.len(), lines.len(), &missed));
        run += lines.len() - missed.len();
        all += lines.len();
    }
    println!("{}", row("all", run, all, &[]));
    if percent(run, all) < MIN_PERCENT {
        bail!("the tests run less than {MIN_PERCENT} % of the lines");
    }
    Ok(())
}

/// One file of an lcov report.
#[derive(Debug, PartialEq)]
struct Covered<'r> {
    path: &'r str,
    /// Each line that there is code in, from 1, and how often it was run.
    lines: Vec<(usize, u64)>,
}

/// Of the report's records those of files (`SF`) and lines (`DA`).
fn read(report: &str) -> Vec<Covered<'_>> {
    let mut files: Vec<Covered<'_>> = Vec::new();
    for record in report.lines() {
        if let Some(path) = record.strip_prefix("SF:") {
            files.push(Covered { path, lines: Vec::new() });
        }
        let line = record.strip_prefix("DA:").and_then(|record| record.split_once(','));
        if let (Some((line, runs)), Some(file)) = (line, files.last_mut()) {
            file.lines.extend(line.parse().ok().zip(runs.parse().ok()));
        }
    }
    files
}

/// The line at which the tests begin, which stand last in a file; else the one after the last.
fn end_of_code(source: &str) -> usize {
    let lines: Vec<_> = source.lines().collect();
    let are_tests = |pair: &[&str]| pair[0] == "#[cfg(test)]" && pair[1].ends_with("mod tests {");
    lines.windows(2).position(are_tests).unwrap_or(lines.len()) + 1
}

fn row(name: &str, run: usize, all: usize, missed: &[String]) -> String {
    let percent = percent(run, all);
    let missed = if missed.is_empty() { String::new() } else { format!("   not {}", missed.join(", ")) };
    format!("{name:38}{percent:6.2} %  {run:5} of {all:5}{missed}")
}

fn percent(run: usize, all: usize) -> f64 {
    100.0 * run as f64 / all.max(1) as f64
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_report_is_read() {
        let report = "TN:\nSF:/a.rs\nFN:1,x\nDA:1,7\nDA:3,0\nLF:2\nend_of_record\nSF:/b.rs\nend_of_record\n";
        let a = Covered { path: "/a.rs", lines: vec![(1, 7), (3, 0)] };
        assert_eq!(read(report), [a, Covered { path: "/b.rs", lines: vec![] }]);
    }

    #[test]
    fn code_ends_where_tests_begin() {
        assert_eq!(end_of_code("fn a() {}\n\n#[cfg(test)]\npub(crate) mod tests {\n}\n"), 3);
        assert_eq!(end_of_code("#[cfg(test)]\nextern crate std;\n"), 3);
    }

    #[test]
    fn a_row_names_what_is_missed() {
        assert_eq!(
            row("a.rs", 3, 4, &["7".into()]),
            "a.rs                                   75.00 %      3 of     4   not 7"
        );
        assert_eq!(row("all", 0, 0, &[]), "all                                     0.00 %      0 of     0");
    }
}
