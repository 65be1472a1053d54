/**
 * `node tests/bench/cold.ts [--json]`: from a request, with a token (HS256), until the first answer of an isolate that did not
 * exist before, in a workerd that runs already. `cargo xtask bench cold` builds the parts and runs this.
 *
 * - `median`: all of it;
 * - `above_trivial`: what is left of that when the median of `trivial` is taken away, which is V8's own and HTTP's.
 *
 * Workers KV is a service here: its `get` is a call to another Worker of the process.
 */
import type { Code } from './cold/loader.ts';
import { type Started, drive, times } from './drive.ts';
import { services } from './http/cases.ts';
import { Mint } from './mint.ts';
import { modulesOf } from './modules.ts';
import type { Figure } from './print.ts';
import { quantile, shuffled } from './rounds.ts';
import { COMPATIBILITY_DATE, type Service, startWorkerd } from './workerd.ts';

const ROUNDS = times(150);
const WARM_UPS = times(10);
const BASELINE = 'trivial';

await drive(run, () => BASELINE);

async function run(started: Started): Promise<Figure[]> {
  const mint = new Mint('HS256');
  const all: { name: string; url: string; ms: number[] }[] = [];
  for (const [name, own] of await services(mint.setup, 'danger_isolate')) {
    const { url } = started.add(await startWorkerd(await loading(own)));
    all.push({ name, url, ms: [] });
  }
  for (let round = 1 - WARM_UPS; round <= ROUNDS; round += 1) {
    for (const { name, url, ms } of shuffled(all)) {
      const time = await firstAnswer(url, name, mint.headers(1)[0]!);
      if (round > 0) ms.push(time);
    }
    if (round > 0 && round % 50 === 0) console.error(`· bench cold … ${round} of ${ROUNDS} rounds`);
  }
  const medians = all.map(({ name, ms }) => ({ name, median: quantile(ms, 0.5), p99: quantile(ms, 0.99) }));
  const baseline = medians.find(({ name }) => name === BASELINE)?.median ?? Number.NaN;
  return medians.flatMap(({ name, median, p99 }): Figure[] => [
    { case: name, metric: 'median', value: median, unit: 'ms' },
    { case: name, metric: 'p99', value: p99, unit: 'ms' },
    { case: name, metric: 'above_trivial', value: median - baseline, unit: 'ms' },
  ]);
}

async function firstAnswer(url: string, name: string, Authorization: string): Promise<number> {
  const ready = await fetch(url, { method: 'POST' });
  if (!ready.ok) throw new Error(`${name} cannot be made ready: ${await ready.text()}`);
  const start = performance.now();
  const answer = await fetch(url, { headers: { Authorization } });
  const text = await answer.text();
  const ms = performance.now() - start;
  if (answer.status !== 200 || text !== 'ok') throw new Error(`${name} answers ${answer.status}: ${text}`);
  return ms;
}

/** The same services, with a loader in the place of `main`. */
async function loading({ main, kv: _, ...rest }: Readonly<Record<string, Service>>): Promise<Record<string, Service>> {
  if (!main) throw new Error('no service is called `main`');
  const { modules, bindings = {}, json = {} } = main;
  const [loader, kv] = await Promise.all([modulesOf('cold/loader.ts'), modulesOf('cold/kv.js')]);
  const code: Code = {
    main: modules[0]!.name,
    modules: Object.fromEntries(modules.map(({ name, kind, contents }) => {
      const bytes = Buffer.from(contents);
      return [name, kind === 'wasm' ? { wasm: bytes.toString('base64') } : { js: bytes.toString() }];
    })),
    json,
    bindings: Object.keys(bindings),
  };
  const handedOn = Object.entries(bindings).map(([name, binding]) => [name, binding.replace(/^kvNamespace/, 'service')]);
  return {
    main: {
      modules: loader,
      bindings: { LOADER: 'workerLoader = ()', ...Object.fromEntries(handedOn) },
      json: { CODE: code, DATE: COMPATIBILITY_DATE },
    },
    kv: { modules: kv },
    ...rest,
  };
}
