/** `wrangler dev`: Workers on a real workerd, with local stores, heard and ended as one. */
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { startNode } from './child.ts';

export const ROOT = resolve(import.meta.dirname, '../..');

const WRANGLER = resolve(ROOT, 'node_modules/wrangler/bin/wrangler.js');
const ADDRESS = '127.0.0.1';
/** A start takes about 3 s; on a busy machine several times that. */
const START_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 40_000;

export interface Workers {
  /** Origin of the first Worker, without a trailing slash. */
  readonly url: string;
  /** Leads the process group of everything that was started. */
  readonly pid: number;
  /** Resolves after {@link Workers.stop}; rejects, with what was printed, when they end by themselves. */
  readonly closed: Promise<void>;
  stop(): Promise<void>;
}

export interface WranglerOptions {
  /** Folder that relative paths start from. */
  readonly cwd: string;
  /** A wrangler configuration for each Worker; the first answers. */
  readonly configs: readonly string[];
  /** 0 takes a free one. */
  readonly port: number;
  /** Folder of the local stores. */
  readonly persist: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Stops it, also while it starts. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts Workers and waits until the first answers `/` with a success.
 *
 * @throws Error with what wrangler printed, when it ends or stays silent, or the Worker does not start.
 */
export async function startWorkers(options: WranglerOptions): Promise<Workers> {
  const { cwd, configs, port, persist, args = [], env = {}, signal } = options;
  const wrangler = await startNode(WRANGLER, {
    cwd,
    args: [
      'dev', ...configs.flatMap((config) => ['--config', config]), '--ip', ADDRESS, '--port', String(port),
      '--inspector-port', '0', '--persist-to', persist, '--log-level', 'warn', ...args,
    ],
    env: {
      ...process.env,
      ...env,
      CLOUDFLARE_CF_FETCH_ENABLED: 'false',
      WRANGLER_HIDE_BANNER: 'true',
      // A registry of its own: another `wrangler dev` on this machine must not become this one's origin.
      WRANGLER_REGISTRY_PATH: resolve(cwd, persist, 'registry'),
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
    const page = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) }).catch((error: unknown) => {
      throw new Error(`${url} does not answer: ${error}\n${wrangler.output()}`);
    });
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
