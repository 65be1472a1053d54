//! `cargo xtask`: builds, tests, checks, measures and shows Quash.
//!
//! In scope: running the tools in the right order, installing the ones that are missing, saying what happens.
//! Out of scope: what the demo does (`www/demo/demo.ts`) and what the tests assert (the crates, `www/quash`, `tests/`).

mod bench;
mod builds;
mod check;
mod coverage;
mod demo;
mod fuzz;
mod layers;
mod mutants;
mod sim;
mod size;
mod stamp;
mod step;
mod system;
mod tests;
mod tools;
mod workspace;

use std::process::ExitCode;
use std::str::FromStr;

use anyhow::{Context, Result, bail};

use crate::bench::Bench;
use crate::builds::Part;
use crate::step::Console;
use crate::tests::Group;
use crate::workspace::Workspace;

const USAGE: &str = "\
Usage: cargo xtask [--verbose] <command>

  build [<part>]...                build browser, engine, worker, demo, bench, … (default: all)
  demo [--once] [--port <number>]  build all and start the demo; --once plays its transcript and stops
  test [rust|wasm|js|e2e|fuzz]...  run these test groups (default: all)
  check                            fmt, clippy, cargo-deny, rustdoc, tsc and the layer rule
  coverage                         lines of the core that its tests run; fails below 97 %
  fuzz [--seconds <number>] [--grow] [target]...
                                   fuzz these targets of tests/fuzz (default: all) for so long in all (default: 60);
                                   --grow keeps in their corpus what reaches more
  mutants [file]...                break the core in these files (default: all), and show what no test notices
  sim [--first <seed>] [--seeds <number>] [--steps <number>] [--json]
                                   simulate data centres with a ledger from so many seeds (default: 100), 10000 steps each;
                                   tells the shortest story of the first that breaks a promise
  size [--json]                    bytes of what a browser downloads and of what is deployed
  bench click [--json]             milliseconds from a click to the request, and until the token is gone, in Chromium
  bench cold [--json]              milliseconds from nothing to the first answer of a Worker, beside an empty one's
  bench core [--json]              nanoseconds that a request costs in the core, beside what jose takes to decode
  bench follower [--json]          memory and nanoseconds to know a million revocations, or ten, beside a filter and a JavaScript Set
  bench http [--json]              microseconds of workerd's CPU for a whole request, and requests in a second
  bench server [--json]            tokens that Node.js verifies in a second, alone and with Redis, beside what others do
  bench staleness [--json]         milliseconds that another isolate accepts a token after its logout was acknowledged
  bench tabs [--json]              milliseconds from a logout until another tab has wiped its own, in three browsers
  bench verify [--json]            microseconds to verify a token in workerd, beside what others take

  --verbose    show the output of every step, not only of failed ones

What is missing is installed once into $QUASH_CACHE (default: ~/.cache/quash).";

#[derive(Debug, PartialEq)]
enum Command {
    Bench { bench: Bench, json: bool },
    Build(Vec<Part>),
    Check,
    Coverage,
    Demo { once: bool, port: Option<u16> },
    Fuzz(fuzz::Options),
    Help,
    Mutants(Vec<String>),
    Sim(sim::Options),
    Size { json: bool },
    Test(Vec<Group>),
}

fn main() -> ExitCode {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let verbose = take_flag(&mut arguments, "--verbose");
    let command = match parse(arguments) {
        Ok(command) => command,
        Err(error) => {
            eprintln!("error: {error:#}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(&command, verbose) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Command, verbose: bool) -> Result<()> {
    let workspace = Workspace::locate(Console::new(verbose))?;
    match command {
        Command::Bench { bench, json } => bench::run(&workspace, *bench, *json),
        Command::Build(parts) => builds::run(&workspace, parts),
        Command::Check => check::run(&workspace),
        Command::Coverage => coverage::run(&workspace),
        Command::Demo { once, port } => demo::run(&workspace, *once, *port),
        Command::Fuzz(options) => fuzz::run(&workspace, options, |_| {}),
        Command::Help => {
            println!("{USAGE}");
            Ok(())
        }
        Command::Mutants(files) => mutants::run(&workspace, files),
        Command::Sim(options) => sim::run(&workspace, options),
        Command::Size { json } => size::run(&workspace, *json),
        Command::Test(groups) => tests::run(&workspace, groups),
    }
}

fn parse(mut arguments: Vec<String>) -> Result<Command> {
    if take_flag(&mut arguments, "--help") || take_flag(&mut arguments, "-h") {
        return Ok(Command::Help);
    }
    if arguments.is_empty() {
        bail!("a command is required");
    }
    let name = arguments.remove(0);
    let command = match name.as_str() {
        "bench" => Command::Bench { json: take_flag(&mut arguments, "--json"), bench: take_bench(&mut arguments)? },
        "build" => Command::Build(take_names(&mut arguments, &Part::ALL, Part::name)?),
        "check" => Command::Check,
        "coverage" => Command::Coverage,
        "demo" => {
            Command::Demo { once: take_flag(&mut arguments, "--once"), port: take_number(&mut arguments, "--port")? }
        }
        "fuzz" => Command::Fuzz(take_fuzz_options(&mut arguments)?),
        "help" => Command::Help,
        "mutants" => Command::Mutants(take_words(&mut arguments)),
        "sim" => Command::Sim(take_sim_options(&mut arguments)?),
        "size" => Command::Size { json: take_flag(&mut arguments, "--json") },
        "test" => Command::Test(take_names(&mut arguments, &Group::ALL, Group::name)?),
        _ => bail!("no such command: `{name}`"),
    };
    match arguments.first() {
        Some(extra) => bail!("`{name}` does not take `{extra}`"),
        None => Ok(command),
    }
}

fn take_flag(arguments: &mut Vec<String>, flag: &str) -> bool {
    let before = arguments.len();
    arguments.retain(|argument| argument != flag);
    arguments.len() < before
}

fn take_bench(arguments: &mut Vec<String>) -> Result<Bench> {
    if arguments.is_empty() {
        bail!("`bench` needs the name of one");
    }
    let name = arguments.remove(0);
    Bench::ALL.into_iter().find(|bench| bench.name() == name).with_context(|| format!("no such bench: `{name}`"))
}

fn take_number<T: FromStr>(arguments: &mut Vec<String>, flag: &str) -> Result<Option<T>> {
    let Some(at) = arguments.iter().position(|argument| argument == flag) else {
        return Ok(None);
    };
    arguments.remove(at);
    if at == arguments.len() {
        bail!("`{flag}` needs a number");
    }
    let number = arguments.remove(at);
    match number.parse() {
        Ok(number) => Ok(Some(number)),
        Err(_) => bail!("`{flag}` does not take `{number}`"),
    }
}

fn take_sim_options(arguments: &mut Vec<String>) -> Result<sim::Options> {
    Ok(sim::Options {
        first: take_number(arguments, "--first")?,
        seeds: take_number(arguments, "--seeds")?,
        steps: take_number(arguments, "--steps")?,
        json: take_flag(arguments, "--json"),
    })
}

/// Which targets there are is known by their files, so their names are looked up later.
fn take_fuzz_options(arguments: &mut Vec<String>) -> Result<fuzz::Options> {
    let default = fuzz::Options::default();
    let seconds = take_number(arguments, "--seconds")?.unwrap_or(default.seconds);
    let grow = take_flag(arguments, "--grow");
    Ok(fuzz::Options { targets: take_words(arguments), seconds, grow })
}

/// All that are no flags.
fn take_words(arguments: &mut Vec<String>) -> Vec<String> {
    let (words, flags) = std::mem::take(arguments).into_iter().partition(|argument| !argument.starts_with('-'));
    *arguments = flags;
    words
}

/// The named values, each once and in the order of `all`; all of them when none is named.
fn take_names<T: Copy + PartialEq>(
    arguments: &mut Vec<String>,
    all: &[T],
    name_of: fn(T) -> &'static str,
) -> Result<Vec<T>> {
    if arguments.is_empty() {
        return Ok(all.to_vec());
    }
    let named: Vec<String> = std::mem::take(arguments);
    if let Some(unknown) = named.iter().find(|name| !all.iter().any(|value| name_of(*value) == **name)) {
        let known: Vec<_> = all.iter().map(|value| name_of(*value)).collect();
        bail!("`{unknown}` is not one of {}", known.join(", "));
    }
    let is_named = |value: &T| named.iter().any(|name| *name == name_of(*value));
    Ok(all.iter().copied().filter(is_named).collect())
}

#[cfg(test)]
mod unit {
    use super::*;

    fn parse_line(line: &str) -> Result<Command> {
        parse(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn commands_are_parsed() {
        let cases = [
            ("bench core", Command::Bench { bench: Bench::Core, json: false }),
            ("bench --json core", Command::Bench { bench: Bench::Core, json: true }),
            ("bench click", Command::Bench { bench: Bench::Click, json: false }),
            ("bench tabs --json", Command::Bench { bench: Bench::Tabs, json: true }),
            ("bench follower", Command::Bench { bench: Bench::Follower, json: false }),
            ("bench verify", Command::Bench { bench: Bench::Verify, json: false }),
            ("build", Command::Build(Part::ALL.to_vec())),
            ("build worker browser", Command::Build(vec![Part::Browser, Part::Worker])),
            ("check", Command::Check),
            ("coverage", Command::Coverage),
            ("demo", Command::Demo { once: false, port: None }),
            ("demo --port 8788 --once", Command::Demo { once: true, port: Some(8788) }),
            ("fuzz", Command::Fuzz(fuzz::Options::default())),
            (
                "fuzz token --seconds 5 --grow entry",
                Command::Fuzz(fuzz::Options { targets: vec!["token".into(), "entry".into()], seconds: 5, grow: true }),
            ),
            ("mutants token.rs", Command::Mutants(vec!["token.rs".into()])),
            ("sim", Command::Sim(sim::Options::default())),
            ("sim --json --seeds 5", Command::Sim(sim::Options { seeds: Some(5), json: true, ..Default::default() })),
            ("size --json", Command::Size { json: true }),
            ("test wasm", Command::Test(vec![Group::Wasm])),
            ("build --help", Command::Help),
        ];
        for (line, command) in cases {
            assert_eq!(parse_line(line).unwrap(), command, "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        let bench = ["bench", "bench --json", "bench cor", "bench core core"];
        let others = [
            "",
            "deploy",
            "build wrker",
            "check --json",
            "demo --port",
            "demo --port 70000",
            "sim 5",
            "test rust,wasm",
        ];
        let fuzz = ["fuzz --fork", "fuzz --seconds", "fuzz --seconds soon"];
        for line in bench.iter().chain(&fuzz).chain(&others) {
            assert!(parse_line(line).is_err(), "`{line}` was accepted");
        }
    }
}
