/**
 * `node tests/bench/http.ts [--json]`: what a whole request costs, each Worker alone in a workerd of its own. `cargo xtask bench
 * http` builds the parts and runs this.
 *
 * - `cpu`: of that process, for one request with a token (HS256) that it has never seen;
 * - `rps`: with a handful of connections, and a client that takes the other core;
 * - `median`, `p99`: what a request then waits, most of it for the ones before it.
 */
import { type Started, drive, times } from './drive.ts';
import { services } from './http/cases.ts';
import { cpuNs } from './http/cpu.ts';
import { Connections, requestText } from './http/load.ts';
import { checkAnswers } from './http/refusals.ts';
import { Mint } from './mint.ts';
import type { Figure } from './print.ts';
import { quantile, shuffled } from './rounds.ts';
import { type Workerd, startWorkerd } from './workerd.ts';

const ROUNDS = times(40);
const WARM_UPS = times(5);
const REQUESTS = 1500;
const CONNECTIONS = 4;

interface Series {
  readonly name: string;
  readonly workerd: Workerd;
  readonly connections: Connections;
  readonly cpu: number[];
  readonly rps: number[];
  readonly latencies: number[];
}

await drive(run, () => 'trivial');

async function run(started: Started): Promise<Figure[]> {
  const mint = new Mint('HS256');
  const all: Series[] = [];
  for (const [name, own] of await services(mint.setup, 'bounded')) {
    const workerd = started.add(await startWorkerd(own));
    await checkAnswers(workerd.url, name, mint);
    const connections = started.add(await Connections.open(workerd.port, CONNECTIONS));
    all.push({ name, workerd, connections, cpu: [], rps: [], latencies: [] });
  }
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round += 1) {
    const requests = mint.headers(REQUESTS).map(requestText);
    for (const series of shuffled(all)) await batch(series, requests, round > 0);
    if (round > 0 && round % 10 === 0) console.error(`· bench http … ${round} of ${ROUNDS} rounds`);
  }
  return all.flatMap(figuresOf);
}

async function batch({ workerd, connections, cpu, rps, latencies }: Series, requests: string[], counts: boolean): Promise<void> {
  const before = await cpuNs(workerd.pid);
  const start = process.hrtime.bigint();
  const taken = await connections.send(requests);
  const ns = Number(process.hrtime.bigint() - start);
  const computed = (await cpuNs(workerd.pid)) - before;
  if (!counts) return;
  cpu.push(computed / requests.length);
  rps.push((requests.length / ns) * 1e9);
  latencies.push(...taken);
}

function figuresOf({ name, cpu, rps, latencies }: Series): Figure[] {
  return [
    { case: name, metric: 'cpu', value: quantile(cpu, 0.5) / 1e3, unit: 'us' },
    { case: name, metric: 'rps', value: quantile(rps, 0.5), unit: '1/s' },
    { case: name, metric: 'median', value: quantile(latencies, 0.5) / 1e3, unit: 'us' },
    { case: name, metric: 'p99', value: quantile(latencies, 0.99) / 1e3, unit: 'us' },
  ];
}
