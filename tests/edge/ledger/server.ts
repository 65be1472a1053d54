/** The ledger on a real workerd, asked as a Worker of the deployment asks it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

import { startWorkers } from '../workers.ts';
import { type Delta, readDelta } from './delta.ts';

export interface Ledger {
  /** What a shard is asked, by its path; `count` is how many shards the asker thinks there are. */
  part(path: string, count?: number): Promise<Delta>;
  get(path: string): Promise<Response>;
  post(path: string, lines: readonly string[], count?: number): Promise<Response>;
  /** Has a shard's alarm ring now. */
  ring(shard: number): Promise<void>;
  /** Does what whoever puts back a backup has to do; the shard sees it with the next start. */
  forgetEpoch(shard: number): Promise<void>;
  /** What Workers KV has. */
  copies(): Promise<Readonly<Record<string, string>>>;
  /** Has Workers KV lose an entry. */
  forget(key: string): Promise<void>;
  /** Whether Workers KV takes nothing. */
  fault(on: boolean): Promise<void>;
  /** Kills workerd without warning, and starts it again over the same state. */
  restart(): Promise<Ledger>;
  stop(): Promise<void>;
}

/** How many revocations isolates are to know exactly, in all shards. */
export const EXACT = 5000;

export async function startLedger(): Promise<Ledger> {
  return run(await mkdtemp(join(tmpdir(), 'quash-ledger-')));
}

async function run(folder: string): Promise<Ledger> {
  const worker = {
    name: 'ledger',
    main: resolve(import.meta.dirname, 'worker.js'),
    env: {
      QUASH_DENYLIST: { type: 'kv', id: 'denylist' },
      LEDGER: { type: 'durable-object', worker: 'ledger', exportName: 'Ledger' },
    },
    objects: ['Ledger'],
  } as const;
  const workers = await startWorkers([worker], join(folder, 'state'));
  const ask = async (path: string, init?: RequestInit): Promise<Response> => fetch(`${workers.url}/${path}`, init);
  return {
    part: async (path, count = 1) => {
      const answer = await ask(`${path}?count=${count}`);
      if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${await answer.text()}`);
      return readDelta(Buffer.from(await answer.arrayBuffer()));
    },
    get: (path) => ask(`${path}?count=1`),
    post: (path, lines, count = 1) => ask(`${path}?count=${count}${path.endsWith('/append') ? `&exact=${EXACT}` : ''}`, { method: 'POST', body: lines.map((line) => `${line}\n`).join('') }),
    ring: async (shard) => void (await ask(`${shard}/alarm`)),
    forgetEpoch: async (shard) => void (await ask(`${shard}/epoch`)),
    copies: async () => (await (await ask('')).json()) as Record<string, string>,
    forget: async (key) => void (await ask(`?key=${key}`, { method: 'DELETE' })),
    fault: async (on) => void (await ask('fault', { method: on ? 'PUT' : 'DELETE' })),
    restart: async () => {
      await workers.kill();
      return run(folder);
    },
    stop: async () => {
      await workers.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
