//! Runs seeds on all cores and prints what was counted, or the story of the first that fails: `cargo xtask sim`.

use std::{
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use quash_sim::{Breakage, Failure, Tally, run, shrunk};

struct Options {
    first: u64,
    seeds: u64,
    steps: u64,
    json: bool,
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("usage: quash-sim [--first SEED] [--seeds N] [--steps N] [--json]");
        return ExitCode::from(2);
    };
    let (tally, seconds, failed) = run_all(&options);
    print(&tally, &options, seconds, u64::from(failed.is_some()));
    match failed {
        None => ExitCode::SUCCESS,
        Some((seed, failure)) => {
            tell(seed, &failure, options.steps);
            ExitCode::FAILURE
        }
    }
}

fn options(mut words: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options { first: 0, seeds: 100, steps: 10_000, json: false };
    while let Some(word) = words.next() {
        let number = match word.as_str() {
            "--json" => {
                options.json = true;
                continue;
            }
            "--first" => &mut options.first,
            "--seeds" => &mut options.seeds,
            "--steps" => &mut options.steps,
            _ => return None,
        };
        *number = words.next()?.parse().ok()?;
    }
    Some(options)
}

/// What all runs counted, how long they took, and the smallest seed that failed.
#[expect(
    clippy::disallowed_methods,
    reason = "the ban keeps clocks out of core; this measures how fast it is simulated"
)]
fn run_all(options: &Options) -> (Tally, f64, Option<(u64, Failure)>) {
    let start = Instant::now();
    let next = AtomicU64::new(options.first);
    let end = options.first + options.seeds;
    let total = Mutex::new((Tally::default(), None::<(u64, Failure)>));
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                let (mut tally, mut failed) = (Tally::default(), None);
                while failed.is_none() {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        break;
                    }
                    failed = run(seed, options.steps, Breakage::None, &mut tally).err().map(|failure| (seed, failure));
                }
                if failed.is_some() {
                    next.store(end, Ordering::Relaxed);
                }
                if let Ok(mut total) = total.lock() {
                    total.0.add(&tally);
                    total.1 = total.1.take().into_iter().chain(failed).min_by_key(|(seed, _)| *seed);
                }
            });
        }
    });
    let (tally, failed) = total.into_inner().unwrap_or_default();
    (tally, start.elapsed().as_secs_f64(), failed)
}

fn tell(seed: u64, failure: &Failure, steps: u64) {
    eprintln!("seed {seed} fails {failure}");
    eprintln!("again: cargo xtask sim --first {seed} --seeds 1 --steps {steps}\n");
    if let Some(story) = shrunk(seed, steps, Breakage::None) {
        eprintln!("with no more than it takes, in {:?}:", story.setup);
        story.lines.iter().for_each(|line| eprintln!("{line}"));
    }
}

/// As other commands that measure print: a line for each figure, or an object.
fn print(tally: &Tally, options: &Options, seconds: f64, violations: u64) {
    let Tally { steps, decided, at_once, revoked, refused, store_reads, ledger_reads, root_reads, cache_reads, .. } =
        *tally;
    let count = |number: u64| (number as f64, "");
    let per_million = |reads: u64| (reads as f64 * 1e6 / decided as f64, "");
    let figures = [
        ("seeds", count(options.seeds)),
        ("steps", count(steps)),
        ("speed", (steps as f64 / seconds, "1/s")),
        ("violations", count(violations)),
        ("requests", count(decided)),
        ("requests_at_once", (at_once as f64 / (decided + refused) as f64 * 100.0, "%")),
        ("requests_revoked", count(revoked)),
        ("requests_unavailable", count(refused)),
        ("max_staleness", (tally.staleness_ms, "ms")),
        ("max_staleness_of_bound", (tally.staleness * 100.0, "%")),
        ("kv_reads_per_million", per_million(store_reads)),
        ("ledger_reads_per_million", per_million(ledger_reads)),
        ("confirming_reads_per_million", per_million(tally.confirmations)),
        ("segments_read", count(tally.segments)),
        ("cache_reads_per_million", per_million(cache_reads)),
        ("root_reads_per_interval_and_data_centre", (root_reads as f64 / tally.intervals, "")),
    ];
    for (name, (value, unit)) in figures {
        let digits = if value.fract() == 0.0 || unit == "1/s" { 0 } else { 3 };
        if options.json {
            println!(r#"{{"case":"sim","metric":"{name}","value":{value:.digits$},"unit":"{unit}"}}"#);
        } else {
            println!("{name:<42}{value:>14.digits$} {unit}");
        }
    }
}
