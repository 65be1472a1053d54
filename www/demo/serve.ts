/**
 * Runs the demo as it would run on Cloudflare: Quash and the site behind it, both in one workerd, with a local KV
 * namespace that survives a restart.
 */
import { access, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { resolve } from 'node:path';

import { loadSecrets } from './secrets.ts';
import { ROOT, type Workers, startWorkers } from './wrangler.ts';

const BUILT = ['www/quash/wasm-endpoints/index.js', 'www/quash/dist/edge/worker.js', 'www/demo/worker/build/index.js', 'www/demo/dist/index.html'];

export interface ServeOptions {
  /** Default: 8787. 0 takes a free one. */
  readonly port?: number;
  /** Folder of the KV namespace and of the demo's secrets. Default: `.wrangler/state`. */
  readonly persist?: string;
  /** Stops it, also while it starts. */
  readonly signal?: AbortSignal;
}

/**
 * Starts the demo and waits until it answers.
 *
 * @throws Error when something is not built, the port is in use, or wrangler ends or stays silent.
 */
export async function serve(options: ServeOptions = {}): Promise<Workers> {
  const { port = 8787, persist = resolve(ROOT, '.wrangler/state'), signal } = options;
  await refuseUnbuilt();
  await refusePortInUse(port);
  await mkdir(persist, { recursive: true });
  const secrets = await loadSecrets(persist);
  return startWorkers({
    cwd: ROOT,
    configs: ['wrangler.toml', 'www/demo/worker/wrangler.toml'],
    port,
    persist,
    // Of several Workers, wrangler gives this file to the first; the second takes from the environment what its
    // `secrets.required` names. Neither way shows a secret in a process list.
    args: ['--env', 'demo', '--env-file', secrets.file],
    env: secrets.values,
    signal,
  });
}

async function refuseUnbuilt(): Promise<void> {
  for (const file of BUILT) {
    await access(resolve(ROOT, file)).catch(() => {
      throw new Error(`${file} is not built: run \`cargo xtask build\``);
    });
  }
}

/** wrangler would take another port, or end with a stack trace. */
async function refusePortInUse(port: number): Promise<void> {
  const probe = createServer();
  await new Promise<void>((done, refuse) => {
    probe.once('error', (error: NodeJS.ErrnoException) => {
      refuse(error.code === 'EADDRINUSE' ? new Error(`port ${port} is in use: choose another with --port`) : error);
    });
    probe.listen(port, '127.0.0.1', done);
  });
  await new Promise((done) => probe.close(done));
}
