//! The native cases, timed: for each line `CASE ITERATIONS` on standard input, the batch's nanoseconds on standard output.
//!
//! So the driver decides what runs when, and can mix these batches with those of other places.

use std::error::Error;
use std::io;
use std::time::{Duration, Instant};

use quash_bench::cases;

fn main() -> Result<(), Box<dyn Error>> {
    for line in io::stdin().lines() {
        let line = line?;
        let (case, iterations) = line.split_once(' ').ok_or("not `CASE ITERATIONS`")?;
        println!("{}", time(case, iterations.parse()?)?.as_nanos());
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "the ban keeps clocks out of core; this is what looks at one for it")]
fn time(case: &str, iterations: u32) -> Result<Duration, Box<dyn Error>> {
    let case = match case {
        "parse" => cases::parse,
        "id" => cases::id,
        "verdict" => cases::verdict,
        "pipeline" => cases::pipeline,
        _ => return Err(format!("no such case: `{case}`").into()),
    };
    let start = Instant::now();
    case(iterations)?;
    Ok(start.elapsed())
}
