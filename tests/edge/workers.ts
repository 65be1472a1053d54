/**
 * Workers on a real workerd, with the real local stores: what `wrangler dev` runs them with, in this process, without the two seconds
 * that it takes to start, and without watching their files.
 */
import { type Json, Log, LogLevel, Miniflare, type WorkerOptions } from 'miniflare';

import { modulesOf } from '../bench/modules.ts';
import { COMPATIBILITY_DATE } from '../bench/workerd.ts';

/** On a busy machine. */
const ANSWER_TIMEOUT_MS = 40_000;

type Config = WorkerOptions['config'];

export interface Worker {
  readonly name: string;
  /** A module, bundled with what it imports. */
  readonly main: string;
  readonly env: NonNullable<Config['env']>;
  /** Classes of Durable Objects with SQLite that it exports. */
  readonly objects?: readonly string[];
  /** A folder that is bound as static assets, `ASSETS`; the Worker comes first. */
  readonly assets?: string | undefined;
}

export interface Workers {
  /** Origin of the first Worker, without a trailing slash. */
  readonly url: string;
  /** Ends workerd without warning. */
  kill(): Promise<void>;
}

/** Values and secrets, as `vars` of a wrangler configuration, which is JSON. */
export const bound = (vars: Readonly<Record<string, unknown>>): Worker['env'] =>
  Object.fromEntries(
    Object.entries(JSON.parse(JSON.stringify(vars)) as Record<string, Json>).map(([name, value]) => [
      name,
      typeof value === 'string' ? { type: 'text', value } : { type: 'json', value },
    ]),
  );

/**
 * Starts Workers and waits until the first answers `/` with a success.
 *
 * @param persist The folder of the stores.
 * @throws Error with what was printed, when the Worker does not start.
 */
export async function startWorkers(workers: readonly Worker[], persist: string): Promise<Workers> {
  const printed: string[] = [];
  const miniflare = new Miniflare({
    host: '127.0.0.1',
    port: 0,
    cf: false,
    telemetry: { enabled: false },
    log: new Quiet(printed),
    handleStructuredLogs: ({ message }) => printed.push(message),
    resourcePersistencePath: persist,
    workers: await Promise.all(workers.map(optionsOf)),
  });
  try {
    const { origin } = await miniflare.ready;
    const page = await fetch(origin, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) });
    if (!page.ok) throw new Error(`${origin} answers ${page.status}: ${await page.text()}`);
    await page.arrayBuffer();
    return { url: origin, kill: () => miniflare.dispose() };
  } catch (error) {
    await miniflare.dispose();
    throw new Error([(error as Error).message, ...printed].join('\n'), { cause: error });
  }
}

async function optionsOf({ name, main, env, objects = [], assets }: Worker): Promise<WorkerOptions> {
  const all = await modulesOf(main);
  const modules = all.map(({ name, kind, contents }) => [name, { type: kind === 'wasm' ? 'wasm' : 'esm', contents }]);
  return {
    config: {
      name,
      compatibilityDate: COMPATIBILITY_DATE,
      manifest: { mainModule: all[0]!.name, modulesRoot: '/', modules: Object.fromEntries(modules) },
      env: { ...env, ...(assets && { ASSETS: { type: 'assets' } }) },
      exports: Object.fromEntries(objects.map((object) => [object, { type: 'durable-object', storage: 'sqlite' }])),
      ...(assets && { assets: { directory: assets, hasUserWorker: true, runWorkerFirst: true } }),
    },
  };
}

/** Whoever reads a test's output does not want what Workers warn of. */
class Quiet extends Log {
  readonly #printed: string[];

  constructor(printed: string[]) {
    super(LogLevel.WARN);
    this.#printed = printed;
  }

  protected override log(message: string): void {
    this.#printed.push(message);
  }
}
