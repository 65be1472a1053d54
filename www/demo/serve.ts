/**
 * Runs the demo as it would run on Cloudflare: Quash and the site behind it, both in one workerd, with a local KV
 * namespace that survives a restart.
 */
import { access, mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { startNode } from './child.ts';
import { loadSecrets } from './secrets.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const WRANGLER = resolve(ROOT, 'node_modules/wrangler/bin/wrangler.js');
const BUILT = ['crates/worker/build/index.js', 'www/demo/worker/build/index.js', 'www/demo/dist/index.html'];

const ADDRESS = '127.0.0.1';
/** A start takes about 3 s; on a busy machine several times that. */
const START_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 15_000;

export interface ServeOptions {
  /** Default: 8787. 0 takes a free one. */
  readonly port?: number;
  /** Folder of the KV namespace and of the demo's secrets. Default: `.wrangler/state`. */
  readonly persist?: string;
  /** Stops it, also while it starts. */
  readonly signal?: AbortSignal;
}

export interface Server {
  /** Origin, without a trailing slash. */
  readonly url: string;
  /** Leads the process group of everything that was started. */
  readonly pid: number;
  /** Resolves after {@link Server.stop}; rejects, with what was printed, when the server ends by itself. */
  readonly closed: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts the demo and waits until it answers.
 *
 * @throws Error when something is not built, the port is in use, or wrangler ends or stays silent.
 */
export async function serve(options: ServeOptions = {}): Promise<Server> {
  const { port = 8787, persist = resolve(ROOT, '.wrangler/state'), signal } = options;
  await refuseUnbuilt();
  await refusePortInUse(port);
  await mkdir(persist, { recursive: true });
  const secrets = await loadSecrets(persist);
  const wrangler = await startNode(WRANGLER, {
    cwd: ROOT,
    args: [
      'dev', '--env', 'demo', '--config', 'wrangler.toml', '--config', 'www/demo/worker/wrangler.toml',
      '--ip', ADDRESS, '--port', String(port), '--inspector-port', '0', '--persist-to', persist, '--log-level', 'warn',
      // Of several Workers, wrangler gives this file to the first; the second takes from the environment what its
      // `secrets.required` names. Neither way shows a secret in a process list.
      '--env-file', secrets.file,
    ],
    env: {
      ...process.env,
      ...secrets.values,
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      // A registry of its own: another `wrangler dev` on this machine must not become this one's origin.
      WRANGLER_REGISTRY_PATH: resolve(persist, 'registry'),
      WRANGLER_SEND_METRICS: 'false',
    },
  });

  let stopping = false;
  const closed = wrangler.closed.then(() => {
    if (!stopping) throw new Error(`wrangler ended by itself:\n${wrangler.output()}`);
  });
  closed.catch(() => {}); // Not everybody watches it.
  const stop = async (): Promise<void> => {
    stopping = true;
    await wrangler.stop();
  };
  signal?.addEventListener('abort', () => void stop());

  try {
    signal?.throwIfAborted();
    const url = await Promise.race([
      wrangler.message(listeningUrl),
      closed.then(() => Promise.reject(new Error('stopped before it answered'))),
      delay(START_TIMEOUT_MS, undefined, { ref: false }).then(() => {
        throw new Error(`wrangler says nothing for ${START_TIMEOUT_MS / 1000} s:\n${wrangler.output()}`);
      }),
    ]);
    const page = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    if (!page.ok) throw new Error(`${url} answers ${page.status}: ${await page.text()}\n${wrangler.output()}`);
    return { url, pid: wrangler.pid, closed, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** `wrangler dev` tells a parent that listens where it can be reached. */
function listeningUrl(message: unknown): string | undefined {
  const { event, port } = JSON.parse(String(message)) as { event?: string; port?: number };
  return event === 'DEV_SERVER_READY' ? `http://localhost:${port}` : undefined;
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
    probe.listen(port, ADDRESS, done);
  });
  await new Promise((done) => probe.close(done));
}
