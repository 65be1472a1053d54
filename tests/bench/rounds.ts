/** Cases measured side by side: in rounds, each in another order, so that what slows the machine down slows all alike. */

export interface Case {
  /** As it is printed. */
  readonly name: string;
  /** The iterations of every batch, where they cannot be chosen: there are no more inputs. */
  readonly iterations?: number;
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
  /** Rounds that come first and do not count. */
  readonly warmUps?: number;
  /** Comes before each round. */
  readonly before?: () => Promise<void>;
  /** Is told how many rounds are through. */
  readonly progress?: (rounds: number) => void;
}

/**
 * The timings in the order of the cases.
 *
 * @throws what a case throws.
 */
export async function measure(cases: readonly Case[], options: Options): Promise<Timing[]> {
  const { rounds, batchNs, warmUps = 0, before, progress } = options;
  const series: (Required<Case> & { ns: number[] })[] = [];
  await before?.();
  for (const { name, run, iterations } of cases) {
    series.push({ name, run, iterations: iterations ?? (await warmUp(run, batchNs)), ns: [] });
  }
  for (let round = 1 - warmUps; round <= rounds; round += 1) {
    await before?.();
    for (const { run, iterations, ns } of shuffled(series)) {
      const time = (await run(iterations)) / iterations;
      if (round > 0) ns.push(time);
    }
    if (round > 0) progress?.(round);
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

export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, rank: Math.random() }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ item }) => item);
}
