/**
 * `node tests/bench/size.ts --worker FOLDER [--json]`: the bytes of what a browser downloads, beside those of others, and of what
 * is deployed. `cargo xtask size` builds the parts and runs this.
 */
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { browserSizes } from './bundles.ts';
import { type Size, compressed, sum } from './compressed.ts';

const METRICS = ['raw', 'gzip', 'brotli'] as const;

const { values } = parseArgs({ options: { worker: { type: 'string' }, json: { type: 'boolean' } } });
if (!values.worker) throw new Error('--worker names the folder of the bundled Worker');

const sizes = { ...(await browserSizes()), 'worker/total': await workerSize(values.worker) };
for (const [name, size] of Object.entries(sizes)) {
  if (values.json) {
    for (const metric of METRICS) console.log(JSON.stringify({ case: name, metric, value: size[metric], unit: 'B' }));
  } else {
    console.log(name.padEnd(24) + METRICS.map((metric) => `${size[metric]} B ${metric}`.padStart(16)).join(''));
  }
}

/** Beside the modules lie a README and a source map, which stay here. */
async function workerSize(folder: string): Promise<Size> {
  const modules = (await readdir(folder)).filter((file) => /\.(js|wasm)$/.test(file));
  if (modules.length === 0) throw new Error(`there is no module in ${folder}`);
  return sum(await Promise.all(modules.map(async (file) => compressed(await readFile(join(folder, file))))));
}
