/** Cases measured side by side: in rounds, each in another order, so that what slows the machine down slows all alike. */

export interface Case {
  /** As it is printed. */
  readonly name: string;
  /** Runs a batch and tells its nanoseconds. */
  run(iterations: number): Promise<number>;
}

/** Nanoseconds of one iteration. */
export interface Timing {
  readonly name: string;
  readonly median: number;
  readonly p99: number;
}

export interface Options {
  readonly rounds: number;
  /** About how long a batch takes: long against what a clock, HTTP or a look at another process costs. */
  readonly batchNs: number;
  /** Is told how many rounds are through. */
  readonly progress?: (rounds: number) => void;
}

/**
 * The timings in the order of the cases.
 *
 * @throws what a case throws.
 */
export async function measure(cases: readonly Case[], { rounds, batchNs, progress }: Options): Promise<Timing[]> {
  const series: { name: string; run: Case['run']; iterations: number; ns: number[] }[] = [];
  for (const { name, run } of cases) series.push({ name, run, iterations: await warmUp(run, batchNs), ns: [] });
  for (let round = 1; round <= rounds; round += 1) {
    for (const { run, iterations, ns } of shuffled(series)) ns.push((await run(iterations)) / iterations);
    progress?.(round);
  }
  return series.map(({ name, ns }) => ({ name, median: quantile(ns, 0.5), p99: quantile(ns, 0.99) }));
}

/** How many iterations make a batch. Twice, since compilers make a case faster while it runs for the first time. */
async function warmUp(run: Case['run'], batchNs: number): Promise<number> {
  const slow = await enough(run, 1, batchNs);
  return enough(run, Math.ceil(slow / 2), batchNs);
}

async function enough(run: Case['run'], atLeast: number, batchNs: number): Promise<number> {
  let iterations = atLeast;
  while ((await run(iterations)) < batchNs) iterations *= 2;
  return iterations;
}

/** By nearest rank: the smallest value below or at which this share of all lie. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
