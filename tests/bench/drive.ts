/** What the drivers of benches have in common: they print figures, or why there are none, and leave nothing running. */
import { parseArgs } from 'node:util';

import { type Figure, jsonLines, table } from './print.ts';

const { values } = parseArgs({ options: { json: { type: 'boolean' }, once: { type: 'boolean' } } });

/** How often something is done: with `--once` as seldom as can be, for whoever asks whether the bench still runs. */
export const times = (many: number): number => (values.once ? 1 : many);

/** Whatever was started, to be stopped at the end. */
export class Started {
  readonly #stops: (() => Promise<void>)[] = [];

  add<T extends { stop(): Promise<void> }>(thing: T): T {
    this.#stops.push(() => thing.stop());
    return thing;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#stops.splice(0).map((stop) => stop()));
  }
}

/**
 * Runs a bench and ends.
 *
 * @param peer Names the case that a case is held against.
 */
export async function drive(bench: (started: Started) => Promise<Figure[]>, peer: (name: string) => string): Promise<void> {
  const started = new Started();
  let interrupted = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      interrupted = true;
      void started.stop(); // The bench then fails, since nobody answers it.
    });
  }
  try {
    const figures = await bench(started);
    console.log(values.json ? jsonLines(figures) : table(figures, peer));
  } catch (error) {
    if (!interrupted) console.error(error);
    process.exitCode = 1;
  } finally {
    await started.stop();
  }
}
