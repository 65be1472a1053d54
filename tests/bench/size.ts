/**
 * `node tests/bench/size.ts --worker FOLDER --named MODULE [--json]`: the bytes of what a browser downloads, beside those of others,
 * and of what is deployed; and what the Rust Worker's module is made of, by that module with its names. `cargo xtask size` builds
 * the parts and runs this.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { browserSizes } from './bundles.ts';
import { type Size, compressed, sum } from './compressed.ts';
import { partsOf } from './crates.ts';

/** The largest crates; the others are one row. */
const CRATES = 10;

const METRICS = ['raw', 'gzip', 'brotli'] as const;

const { values } = parseArgs({ options: { worker: { type: 'string' }, named: { type: 'string' }, json: { type: 'boolean' } } });
if (!values.worker) throw new Error('--worker names the folder of the bundled Worker');
if (!values.named) throw new Error('--named names the module of the Worker that has names');

const sizes: Record<string, Partial<Size>> = {
  ...(await browserSizes()),
  'worker/total': await workerSize(values.worker),
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

/** Raw, since what a part costs when it is compressed with the others is not its own. */
function moduleSizes(module: Uint8Array): Record<string, Pick<Size, 'raw'>> {
  const { crates, unnamed, data, other } = partsOf(module);
  const all = [...crates].sort(([, a], [, b]) => b - a);
  const rest = all.slice(CRATES).reduce((sum, [, size]) => sum + size, 0);
  const rows = all.slice(0, CRATES).map(([name, size]): [string, number] => [`worker/crate/${name}`, size]);
  rows.push(['worker/crates/others', rest], ['worker/unnamed', unnamed], ['worker/data', data], ['worker/other', other]);
  return Object.fromEntries(rows.map(([name, raw]) => [name, { raw }]));
}

/** Beside the modules lie a README and a source map, which stay here. */
async function workerSize(folder: string): Promise<Size> {
  const modules = (await readdir(folder)).filter((file) => /\.(js|wasm)$/.test(file));
  if (modules.length === 0) throw new Error(`there is no module in ${folder}`);
  return sum(await Promise.all(modules.map(async (file) => compressed(await readFile(join(folder, file))))));
}
