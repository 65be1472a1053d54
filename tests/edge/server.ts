/** The deployable Worker on a real workerd, in front of a test's origin, with the real local KV. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { ROOT } from '../../www/demo/wrangler.ts';
import { LONG_SECRET, configuredIssuers } from './tokens.ts';
import { type Worker, bound, startWorkers } from './workers.ts';

/** The Worker as it is deployed; one that is written in Rust, and guarded in the same way; and some that guard their own routes. */
const WORKERS = {
  gate: resolve(ROOT, 'www/quash/dist/edge/worker.js'),
  rust: resolve(import.meta.dirname, 'guard/build/index.js'),
  router: resolve(import.meta.dirname, 'router/build/index.js'),
  plain: resolve(import.meta.dirname, 'javascript/plain.js'),
  hono: resolve(import.meta.dirname, 'javascript/hono.js'),
  remote: resolve(import.meta.dirname, 'javascript/remote.js'),
  revoking: resolve(import.meta.dirname, 'javascript/revoking.js'),
} as const;
export type Guard = keyof typeof WORKERS;
/** Those that stand in front of an origin. */
export const GUARDS = ['gate', 'rust'] as const satisfies Guard[];

/** Those that have none, since what may pass is for the handler. */
const IN_JAVASCRIPT: readonly Guard[] = ['plain', 'hono', 'remote', 'revoking'];

/** Those that others may have revoke for them. */
const HAVE_ENDPOINTS: readonly Guard[] = ['gate', 'revoking'];

export const PEPPER = 'pepper-of-the-tests-0123456789abcdef';
export const CLIENT = { id: 'backend', secret: 'url-safe_secret_of_a_client_32chars' } as const;

export interface Entry {
  readonly name: string;
  readonly value: string;
  /** Seconds since the epoch. */
  readonly expiration: number;
}

export interface Edge {
  /** Origin, without a trailing slash. */
  readonly url: string;
  /** Every entry of the KV namespace. */
  entries(): Promise<readonly Entry[]>;
  /** Writes an entry as another hand might. */
  write(key: string, value: string): Promise<void>;
  /** Switches a fault of the KV namespace on; `undefined` switches it off. */
  fault(operation: 'read' | 'write' | 'hang' | undefined): Promise<void>;
  /** The same of the ledger, as both isolates see it. */
  ledgerFault(fault: 'down' | 'hang' | 'slow' | 'shards' | 'lists' | undefined): Promise<void>;
  /** What its isolate has said and written since it started, where {@link Options.heard}. */
  heard(): Promise<Heard>;
  /** How often the ledger was asked. */
  ledgerCalls(): Promise<number>;
  /** Asks the ledger as a Worker does: a path is that of a shard, with its number first. */
  ledger(path: string, init?: RequestInit): Promise<Response>;
  /** The same Worker in another isolate: what is sent there. */
  readonly other: Pick<Edge, 'url'>;
  /** Kills workerd without warning, and starts it again over the same state: as it was, or with these changes. */
  restart(changes?: Options): Promise<Edge>;
  stop(): Promise<void>;
}

/** See `heard.js`. */
export interface Heard {
  readonly log: readonly string[];
  readonly points: readonly unknown[];
  readonly writes: readonly string[];
}

export interface Options {
  /** What guards; the gate, unless it is said. */
  readonly guard?: Guard;
  /** Whether a request for a path with `trap` in it makes the gate's engine trap. */
  readonly faultyEngine?: boolean;
  /** A ledger, whose terms these are, and a second isolate that shares it: see {@link Edge.other}. */
  readonly ledger?: Readonly<Record<string, unknown>>;
  /** Whether that has only just been added to the deployment. */
  readonly ledgerIsNew?: boolean;
  /** Merged over the configuration that all tests share. */
  readonly quash?: Readonly<Record<string, unknown>>;
  /** Secrets beside those that all tests share. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** What the Worker is bound to beside what all tests share. */
  readonly bindings?: Worker['env'];
  /** Whether it keeps what it says and writes. */
  readonly heard?: boolean;
  /** A folder that is bound as static assets, `ASSETS`. */
  readonly assets?: string;
  /** A folder that the origin serves. */
  readonly site?: string;
  /** Somebody in front of it ends TLS, as Cloudflare does: it listens over http, and to the Worker all URLs are https. */
  readonly behindTls?: boolean;
}

/** Starts the Worker; rejects with what was printed when it does not come up. */
export async function start(options: Options = {}): Promise<Edge> {
  const folder = await mkdtemp(join(tmpdir(), 'quash-edge-'));
  try {
    return await run(folder, options);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

/** Starts several at once; if one does not come up, none is left running, or the file of the test would never end. */
export async function startAll<const T extends readonly Options[]>(...options: T): Promise<{ [K in keyof T]: Edge }> {
  const started = await Promise.allSettled(options.map(start));
  const failed = started.find((one) => one.status === 'rejected');
  const edges = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  if (failed) {
    await Promise.all(edges.map((edge) => edge.stop()));
    throw failed.reason;
  }
  return edges as { [K in keyof T]: Edge };
}

/** All that one workerd runs; the first answers. */
async function workersOf(folder: string, options: Options): Promise<Worker[]> {
  const { guard: which = 'gate' } = options;
  const quash = {
    ...(!IN_JAVASCRIPT.includes(which) && { origin: { service: 'ORIGIN' } }),
    public: ['/', '/kv', '/public/*'],
    token: { cookies: ['session'] },
    issuers: configuredIssuers,
    clients: [{ id: CLIENT.id, secret: 'CLIENT_SECRET' }],
    logout: { cookies: [{ name: 'session' }], allowed_origins: ['https://app.example'] },
    ...options.quash,
  };
  const secrets = {
    QUASH_PEPPER: PEPPER,
    HS256_SECRET: 'hs256-secret-of-the-tests-0123456789',
    LONG_SECRET,
    CLIENT_SECRET: CLIENT.secret,
    ...options.secrets,
  };
  const entry = join(folder, 'quash.js');
  const { ledger } = options;
  const faults = ['faulty-kv.js', ...(ledger ? ['faulty-ledger.js'] : []), ...(options.faultyEngine ? ['faulty-engine.js'] : [])];
  const imports = faults.map((file) => `import ${JSON.stringify(resolve(import.meta.dirname, file))};\n`);
  const worker = JSON.stringify(WORKERS[which]);
  const counting = JSON.stringify(resolve(import.meta.dirname, 'counting-ledger.js'));
  const objects = ledger ? `export { Ledger } from ${counting};\n` : '';
  const heard = JSON.stringify(resolve(import.meta.dirname, 'heard.js'));
  const exported = options.heard
    ? `import { telling } from ${heard};\nimport Worker from ${worker};\nexport default telling(Worker);\n`
    : `export { default${HAVE_ENDPOINTS.includes(which) ? ', Endpoints' : ''} } from ${worker};\n`;
  await writeFile(entry, `${imports.join('')}${exported}${objects}`);
  const denylist = { QUASH_DENYLIST: { type: 'kv', id: 'denylist' } } as const;
  const shards = { QUASH_LEDGER: { type: 'durable-object', worker: 'quash', exportName: 'Ledger' } } as const;
  const guard: Worker = {
    name: 'quash',
    main: entry,
    env: {
      ...denylist,
      ORIGIN: { type: 'worker', worker: 'origin' },
      ...bound({ QUASH: { ...quash, ...(ledger && { ledger }) }, ...secrets, ...(options.ledgerIsNew && { LEDGER_IS_NEW: 'yes' }) }),
      ...(ledger && shards),
      ...options.bindings,
    },
    objects: ledger ? ['Ledger'] : [],
    assets: options.assets,
  };
  const inFront = (name: string, env: Worker['env']): Worker => ({ name, main: resolve(import.meta.dirname, `${name}.js`), env });
  const toQuash: Worker['env'] = { quash: { type: 'worker', worker: 'quash' } };
  return [
    ...(options.behindTls ? [inFront('tls', toQuash)] : []),
    ...(ledger ? [inFront('front', { ...toQuash, other: { type: 'worker', worker: 'other' }, ...denylist, ...shards })] : []),
    guard,
    ...(ledger ? [{ ...guard, name: 'other', objects: [] }] : []),
    { name: 'origin', main: resolve(import.meta.dirname, 'origin.js'), env: denylist, assets: options.site },
  ];
}

async function run(folder: string, options: Options): Promise<Edge> {
  const workers = await startWorkers(await workersOf(folder, options), join(folder, 'state'));
  const kv = async (init?: RequestInit, key = 'fault'): Promise<Entry[]> => {
    const answer = await fetch(`${workers.url}/kv?key=${encodeURIComponent(key)}`, init);
    return (await answer.json()) as Entry[];
  };
  return {
    url: workers.url,
    other: { url: `${workers.url}/~other` },
    heard: async () => (await (await fetch(`${workers.url}/~heard`)).json()) as Heard,
    ledgerCalls: async () => (await (await fetch(`${workers.url}/~ledger/0/calls`)).json()) as number,
    ledger: (path, init) => fetch(`${workers.url}/~ledger/${path}`, init),
    ledgerFault: async (fault) => {
      await kv(fault ? { method: 'PUT', body: fault } : { method: 'DELETE' }, 'ledger_fault');
    },
    entries: async () => (await kv()).filter(({ name }) => !name.endsWith('fault')),
    write: async (key, value) => {
      await kv({ method: 'PUT', body: value }, key);
    },
    fault: async (operation) => {
      await kv(operation ? { method: 'PUT', body: operation } : { method: 'DELETE' });
    },
    restart: async (changes = {}) => {
      await workers.kill();
      return run(folder, { ...options, ...changes });
    },
    stop: async () => {
      await workers.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
