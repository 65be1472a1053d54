/**
 * `node tests/bench/core.ts --native FILE [--json]`: what a request costs in the core, natively and as WebAssembly in
 * workerd, beside what `jose` takes there to decode the same token. `cargo xtask bench core` builds the parts and runs this.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { type Workers, startWorkers } from '../../www/demo/wrangler.ts';
import { type Program, startProgram, timeHere, timeOverHttp } from './places.ts';
import { type Figure, figures, jsonLines, table } from './print.ts';
import { type Case, measure } from './rounds.ts';

const QUASH = ['parse', 'id', 'verdict', 'pipeline'];
/** Enough for a 99th percentile, few enough to end within a minute. */
const ROUNDS = 150;
const BATCH_NS = 20e6;

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => ending.abort());

try {
  const { values } = parseArgs({ options: { native: { type: 'string' }, json: { type: 'boolean' } } });
  if (!values.native) throw new Error('--native names the program that runs the native cases');
  const figures = await run(values.native);
  console.log(values.json ? jsonLines(figures) : table(figures, peer));
} catch (error) {
  if (!ending.signal.aborted) console.error(error);
  process.exitCode = 1;
}

async function run(native: string): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'quash-bench-'));
  let program: Program | undefined;
  let workers: Workers | undefined;
  try {
    program = await startProgram(native);
    const config = resolve(import.meta.dirname, 'wrangler.toml');
    workers = await startWorkers({ cwd: folder, configs: [config], port: 0, persist: folder, signal: ending.signal });
    const timings = await measure(await cases(program, workers.url), { rounds: ROUNDS, batchNs: BATCH_NS, progress });
    return figures(timings, 'ns');
  } finally {
    program?.stop();
    await workers?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function cases(program: Program, url: string): Promise<Case[]> {
  const token = (await readFile(resolve(import.meta.dirname, 'token.txt'), 'utf8')).trim();
  const timeInWorkerd = timeOverHttp(url);
  const inWorkerd = (name: string): Case => ({ name: `${name}/wasm`, run: (n) => timeInWorkerd(name, n) });
  return [
    ...QUASH.map((name): Case => ({ name: `quash/${name}/native`, run: (n) => program.time(name, n) })),
    { name: 'jose/decode/native', run: async (n) => timeHere(token, n) },
    ...QUASH.map((name) => inWorkerd(`quash/${name}`)),
    inWorkerd('jose/decode'),
  ];
}

/** `jose` in the same place. */
function peer(name: string): string {
  return `jose/decode/${name.split('/').at(-1)}`;
}

function progress(round: number): void {
  if (round % 50 === 0) console.error(`· bench core … ${round} of ${ROUNDS} rounds`);
}
