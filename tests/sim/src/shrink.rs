use crate::{
    host::Breakage,
    plan::{Plan, Planned, Setup},
    tally::Tally,
    world::{Failure, World},
};

/// The most runs that are made to find out what can be left out.
const RUNS: usize = 20_000;

/// A run that fails, told from its start.
#[derive(Clone, Debug)]
pub struct Story {
    /// Its setup: with the seed, all that it needs.
    pub setup: Setup,
    /// What happens by itself.
    pub plan: Vec<Planned>,
    /// Everything that comes of it, the failure last.
    pub lines: Vec<String>,
}

/// The shortest story that is found of a run that fails; `None` if it does not. Whatever is left of its plan is needed: without
/// any one action it does not fail.
pub fn shrunk(seed: u64, steps: u64, breakage: Breakage) -> Option<Story> {
    let setup = Setup::new(seed);
    let fails = |plan: &[Planned]| failure(setup, plan, steps, breakage);
    // No more actions than steps.
    let mut plan: Vec<_> = Plan::new(setup).take(steps as usize).collect();
    let last = fails(&plan)?.step as usize;
    plan.truncate(last + 1);
    let (mut runs, mut chunk) = (0, plan.len().div_ceil(2));
    loop {
        let (mut at, before) = (0, plan.len());
        while at < plan.len() && runs < RUNS {
            let end = (at + chunk).min(plan.len());
            let without = [&plan[..at], &plan[end..]].concat();
            runs += 1;
            if fails(&without).is_some() {
                plan = without;
            } else {
                at = end;
            }
        }
        if runs >= RUNS || chunk == 1 && plan.len() == before {
            break;
        }
        chunk = chunk.div_ceil(2);
    }
    let lines = World::new(setup, breakage).tell(plan.iter().copied(), steps);
    Some(Story { setup, plan, lines })
}

fn failure(setup: Setup, plan: &[Planned], steps: u64, breakage: Breakage) -> Option<Failure> {
    World::new(setup, breakage).run(plan.iter().copied(), steps, &mut Tally::default()).err()
}
