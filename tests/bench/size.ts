/**
 * `node tests/bench/size.ts --deployed FOLDER --named MODULE [--json]`: the bytes of what a browser downloads, beside those of
 * others, and of what is deployed. `cargo xtask size` builds the parts and runs this.
 *
 * - `deployed/total`: what is uploaded, and is these two:
 * - `gate/total`: the engine and its host, which every isolate starts;
 * - `worker/total`: the Rust Worker, which starts with the first request for an endpoint of Quash; and what its module is made of,
 *   by that module with its names.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { browserSizes } from './bundles.ts';
import { type Size, compressed, sum } from './compressed.ts';
import { partsOf } from './crates.ts';
import { modulesOf } from './modules.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** The largest crates; the others are one row. */
const CRATES = 10;

const METRICS = ['raw', 'gzip', 'brotli'] as const;

const { values } = parseArgs({ options: { deployed: { type: 'string' }, named: { type: 'string' }, json: { type: 'boolean' } } });
if (!values.deployed) throw new Error('--deployed names the folder of what is uploaded');
if (!values.named) throw new Error('--named names the module of the Worker that has names');

const sizes: Record<string, Partial<Size>> = {
  ...(await browserSizes()),
  'deployed/total': await modulesIn(values.deployed),
  'gate/total': await gateSize(),
  'worker/total': await modulesIn(resolve(ROOT, 'www/quash/wasm-endpoints')),
  ...moduleSizes(await readFile(values.named)),
};
for (const [name, size] of Object.entries(sizes)) {
  const metrics = METRICS.filter((metric) => size[metric] !== undefined);
  if (values.json) {
    for (const metric of metrics) console.log(JSON.stringify({ case: name, metric, value: size[metric], unit: 'B' }));
  } else {
    console.log(name.padEnd(34) + metrics.map((metric) => `${size[metric]} B ${metric}`.padStart(16)).join(''));
  }
}

async function gateSize(): Promise<Size> {
  const host = await modulesOf('../../www/quash/dist/edge/gate.js');
  const engine = await readFile(resolve(ROOT, 'www/quash/wasm-engine/quash_engine.wasm'));
  return sum([...host.map(({ contents }) => contents), engine].map(compressed));
}

/** Raw, since what a part costs when it is compressed with the others is not its own. */
function moduleSizes(module: Uint8Array): Record<string, Pick<Size, 'raw'>> {
  const { crates, unnamed, data, other } = partsOf(module);
  const all = [...crates].sort(([, a], [, b]) => b - a);
  const rest = all.slice(CRATES).reduce((sum, [, size]) => sum + size, 0);
  const rows = all.slice(0, CRATES).map(([name, size]): [string, number] => [`worker/crate/${name}`, size]);
  rows.push(['worker/crates/others', rest], ['worker/unnamed', unnamed], ['worker/data', data], ['worker/other', other]);
  return Object.fromEntries(rows.map(([name, raw]) => [name, { raw }]));
}

/** Beside the modules lie a README, a source map and the module with names, which stay here. */
async function modulesIn(folder: string): Promise<Size> {
  const modules = (await readdir(folder)).filter((file) => /\.(js|wasm)$/.test(file) && file !== 'named.wasm');
  if (modules.length === 0) throw new Error(`there is no module in ${folder}`);
  return sum(await Promise.all(modules.map(async (file) => compressed(await readFile(join(folder, file))))));
}
