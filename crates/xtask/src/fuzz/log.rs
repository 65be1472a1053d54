//! What libFuzzer writes about a run.

use std::fmt;

/// Of a failure's story the beginning is shown: the panic and where it happened.
const FAILURE_LINES: usize = 40;

/// How a run went.
#[derive(Debug, PartialEq)]
pub(super) struct Report {
    executions: u64,
    per_second: u64,
    /// Edges of the program that were reached.
    coverage: u64,
    /// Inputs that each reach something that no other does: at first, and at last.
    inputs: [u64; 2],
}

impl Report {
    /// `None` when the log is not that of a whole run.
    pub(super) fn read(log: &str) -> Option<Self> {
        let status = |event: &str| log.lines().find(|line| line.starts_with('#') && line.contains(event));
        let (first, last) = (status("\tINITED ")?, status("\tDONE ")?);
        Some(Self {
            executions: number_after(log, "stat::number_of_executed_units:")?,
            per_second: number_after(log, "stat::average_exec_per_sec:")?,
            coverage: number_after(last, " cov:")?,
            inputs: [number_after(first, " corp:")?, number_after(last, " corp:")?],
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { executions, per_second, coverage, inputs: [first, last] } = self;
        write!(formatter, "{executions:>10} runs {per_second:>8}/s   {coverage:>5} edges   corpus {first} → {last}")
    }
}

/// The file that holds the input of a failure.
pub(super) fn artifact(log: &str) -> Option<&str> {
    log.lines().find_map(|line| Some(line.split_once("Test unit written to ")?.1))
}

/// What went wrong, in the target's words and in libFuzzer's.
pub(super) fn failure(log: &str) -> String {
    let is_beginning = |line: &&str| line.contains("panicked at") || line.contains("ERROR: ");
    let lines: Vec<_> = log.lines().skip_while(|line| !is_beginning(line)).take(FAILURE_LINES).collect();
    lines.join("\n")
}

fn number_after(text: &str, label: &str) -> Option<u64> {
    let rest = text.split_once(label)?.1.trim_start();
    rest.split(|letter: char| !letter.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_run_is_summed_up() {
        let log = "\
INFO: Loaded 1 modules   (9731 inline 8-bit counters): 9731 [0x1, 0x2), \n\
#24\tINITED cov: 865 ft: 1546 corp: 23/10983b exec/s: 0 rss: 28Mb\n\
#25\tNEW    cov: 868 ft: 1580 corp: 24/11452b lim: 8256 exec/s: 0 rss: 28Mb L: 469/8256 MS: 1 ChangeBit-\n\
#3512118\tDONE   cov: 1298 ft: 3388 corp: 661/112Kb lim: 8256 exec/s: 219507 rss: 29Mb\n\
stat::number_of_executed_units: 3512118\n\
stat::average_exec_per_sec:     219507\n";
        let report = Report { executions: 3_512_118, per_second: 219_507, coverage: 1298, inputs: [23, 661] };
        assert_eq!(Report::read(log), Some(report));
        assert_eq!(Report::read("ERROR: no interesting inputs were found"), None);
        assert_eq!(artifact(log), None);
    }

    #[test]
    fn a_failure_is_told_from_its_beginning() {
        let log = "\
#14\tINITED cov: 359 ft: 871 corp: 14/440b exec/s: 0 rss: 27Mb\n\
thread '<unnamed>' (8961) panicked at targets/cookies.rs:44:9:\n\
assertion failed\n\
artifact_prefix='./'; Test unit written to ./crash-cb49\n";
        assert_eq!(artifact(log), Some("./crash-cb49"));
        assert!(failure(log).starts_with("thread '<unnamed>'"));
    }
}
