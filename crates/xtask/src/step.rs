//! One step of a command: says what runs, whether it worked and how long it took.
//!
//! Steps speak on standard error, so that standard output belongs to what a command was asked for.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, IsTerminal, PipeReader, Write};
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// Where there is no terminal to draw progress on, a long step says that it is alive this often.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// Progress is cut to this many characters, so that it stays on one line of most terminals.
const PROGRESS_WIDTH: usize = 100;

/// Back to the start of the terminal's line, and nothing on it.
const CLEAR_LINE: &str = "\r\x1b[2K";

/// Where a command tells people what it is doing.
pub(crate) struct Console {
    verbose: bool,
    terminal: bool,
    /// Steps that had nothing to do: to say so once is enough.
    cached: RefCell<BTreeSet<String>>,
}

impl Console {
    pub(crate) fn new(verbose: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        Self { verbose, terminal, cached: RefCell::default() }
    }

    /// Runs a command whose output matters only when it fails.
    ///
    /// # Errors
    /// When it cannot be started or exits with a failure; its output has been shown by then.
    pub(crate) fn run(&self, what: &str, command: Command) -> Result<()> {
        let name = display(&command);
        let watch = Stopwatch::start();
        let (status, output) = self.follow_quietly(what, command, &watch)?;
        Self::finish(what, status.success(), &watch);
        if !status.success() {
            if !self.verbose {
                eprint!("{output}");
            }
            bail!("`{name}` failed ({status})");
        }
        Ok(())
    }

    /// Runs a command that may well fail, because there is another way: then gives its output, and says nothing itself.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn attempt(&self, what: &str, command: Command) -> Result<Option<String>> {
        let watch = Stopwatch::start();
        let (status, output) = self.follow_quietly(what, command, &watch)?;
        if !status.success() {
            return Ok(Some(output));
        }
        Self::finish(what, true, &watch);
        Ok(None)
    }

    /// Runs a command whose output is the point, such as a test runner's; it is shown as it comes and given to `on_line`.
    ///
    /// # Errors
    /// When it cannot be started or exits with a failure.
    pub(crate) fn show(&self, command: Command, mut on_line: impl FnMut(&str)) -> Result<()> {
        let name = display(&command);
        if self.verbose {
            eprintln!("$ {name}");
        }
        let status = follow(command, |line| {
            println!("{line}");
            on_line(line);
        })?;
        if !status.success() {
            bail!("`{name}` failed ({status})");
        }
        Ok(())
    }

    /// Says that a step had nothing to do.
    pub(crate) fn cached(&self, what: &str) {
        if self.cached.borrow_mut().insert(what.to_owned()) {
            eprintln!("✓ {what} … cached");
        }
    }

    /// Tells something that is neither a step nor an error.
    pub(crate) fn note(&self, text: &str) {
        eprintln!("· {text}");
    }

    /// Shows progress only, or everything when people asked for that.
    fn follow_quietly(&self, what: &str, command: Command, watch: &Stopwatch) -> Result<(ExitStatus, String)> {
        if self.verbose {
            eprintln!("$ {}", display(&command));
        }
        let mut output = String::new();
        let mut heartbeat = HEARTBEAT;
        let status = follow(command, |line| {
            output.push_str(line);
            output.push('\n');
            if self.verbose {
                eprintln!("{line}");
            } else {
                self.progress(what, line, watch.elapsed(), &mut heartbeat);
            }
        })?;
        if self.terminal {
            eprint!("{CLEAR_LINE}");
        }
        Ok((status, output))
    }

    fn progress(&self, what: &str, line: &str, elapsed: Duration, heartbeat: &mut Duration) {
        let status = format!("· {what} … {} s: {}", elapsed.as_secs(), line.trim());
        let status: String = status.chars().take(PROGRESS_WIDTH).collect();
        if self.terminal {
            eprint!("{CLEAR_LINE}{status}");
            // Progress that cannot be drawn is no reason to stop.
            let _ = std::io::stderr().flush();
        } else if elapsed >= *heartbeat {
            *heartbeat = elapsed + HEARTBEAT;
            eprintln!("{status}");
        }
    }

    fn finish(what: &str, success: bool, watch: &Stopwatch) {
        let mark = if success { '✓' } else { '✗' };
        eprintln!("{mark} {what} … {watch}");
    }
}

/// Runs `command` with both of its outputs in one pipe, so that their lines keep their order.
fn follow(command: Command, mut on_line: impl FnMut(&str)) -> Result<ExitStatus> {
    let name = display(&command);
    let (mut child, reader) = spawn(command).with_context(|| format!("cannot start `{name}`"))?;
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        on_line(String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']));
        line.clear();
    }
    Ok(child.wait()?)
}

/// Takes the command by value: its ends of the pipe must close here, or the reader would never see the end.
fn spawn(mut command: Command) -> std::io::Result<(Child, PipeReader)> {
    let (reader, writer) = std::io::pipe()?;
    let child = command.stdout(writer.try_clone()?).stderr(writer).spawn()?;
    Ok((child, reader))
}

/// The command as a person would type it.
fn display(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(OsStr::to_string_lossy).collect();
    words.join(" ")
}

/// What went wrong in a command that goes on after a failure.
#[derive(Default)]
pub(crate) struct Failures(Vec<String>);

impl Failures {
    pub(crate) fn record(&mut self, what: &str, result: Result<()>) {
        if let Err(error) = result {
            eprintln!("✗ {what}: {error:#}");
            self.0.push(what.to_owned());
        }
    }

    /// # Errors
    /// When anything failed: names it all.
    pub(crate) fn into_result(self) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        bail!("failed: {}", self.0.join(", "))
    }
}

/// Measures a step. Displayed in seconds, or in minutes and seconds.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "the ban keeps clocks out of core; a build may look at its watch")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

impl std::fmt::Display for Stopwatch {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let elapsed = self.elapsed();
        match elapsed.as_secs() {
            0..60 => write!(formatter, "{:.1} s", elapsed.as_secs_f32()),
            seconds => write!(formatter, "{} min {} s", seconds / 60, seconds % 60),
        }
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_arrive_in_order() {
        let mut lines = Vec::new();
        let status = follow(shell("echo one; echo two >&2; printf three"), |line| lines.push(line.to_owned()));
        assert!(status.unwrap().success());
        assert_eq!(lines, ["one", "two", "three"]);
    }

    #[test]
    fn a_failure_names_its_command() {
        let error = Console::new(false).run("nothing", shell("exit 3")).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` failed (exit status: 3)");
    }

    #[test]
    fn failures_are_all_named() {
        let mut failures = Failures::default();
        failures.record("one", Ok(()));
        assert!(Failures::default().into_result().is_ok());
        failures.record("two", Err(anyhow::anyhow!("broken")));
        failures.record("three", Err(anyhow::anyhow!("broken")));
        assert_eq!(failures.into_result().unwrap_err().to_string(), "failed: two, three");
    }
}
