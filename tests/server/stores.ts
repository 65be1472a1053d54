/** Stores of the crate `quash-tower`, as those of `quash/redis` are seen: `crates/tower/examples/store.rs`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { StoreError, type LogPart, type Row, type StoreErrorCode } from 'quash/redis';

import type { Open, OpenStore } from '../../www/quash/test/server/stores/redis-clients.ts';
import { ROOT } from '../../www/demo/wrangler.ts';

/** `cargo xtask test e2e` builds it and says where; without that, it is `cargo build --package quash-tower --example store`. */
const PROGRAM = process.env['QUASH_STORE'] ?? resolve(ROOT, 'target/debug/examples/store');

/** A process in which stores know nothing of each other, as good as one for each. */
export interface RustStores extends AsyncDisposable {
  readonly open: Open;
  /** Opens one over a cluster that has masters at these ports. */
  openCluster(ports: readonly number[], prefix: string): Promise<OpenStore>;
}

type Answer = [number: number, answer: unknown, error?: { readonly code: StoreErrorCode | 'unknown'; readonly message: string }];

export async function startRustStores(): Promise<RustStores> {
  const program = spawn(PROGRAM, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(program, 'spawn');
  const waiting = new Map<number, PromiseWithResolvers<any>>();
  createInterface(program.stdout).on('line', (line) => {
    const [number, answer, error] = JSON.parse(line) as Answer;
    const asked = waiting.get(number)!;
    waiting.delete(number);
    if (!error) asked.resolve(answer);
    else asked.reject(error.code === 'unknown' ? new Error(error.message) : new StoreError(error.code, error.message));
  });
  const exit = once(program, 'exit');
  let ended: Error | undefined;
  program.on('exit', (code) => {
    ended = new Error(`the program ended with ${code}`);
    for (const { reject } of waiting.values()) reject(ended);
  });
  program.stdin.on('error', () => {}); // It has ended, and says so.
  let [asked, stores] = [0, 0];
  const ask = <T>(store: number, what: string, about: unknown): Promise<T> => {
    if (ended) return Promise.reject(ended);
    const answer = Promise.withResolvers<T>();
    waiting.set(asked, answer);
    program.stdin.write(`${JSON.stringify([asked++, store, what, about])}\n`);
    return answer.promise;
  };
  const open = async (about: object): Promise<OpenStore> => {
    const store = stores++;
    await ask(store, 'open', about);
    return {
      // What rows come to, it knows itself.
      append: async (rows) => void (await ask(store, 'append', rows)),
      lookUp: (keys) => ask<Row[]>(store, 'lookUp', keys),
      log: { read: (part) => ask<LogPart>(store, 'read', part) },
      [Symbol.asyncDispose]: async () => void (await ask(store, 'close', null)),
    };
  };
  return {
    open: (socket, options) => open({ redis: `redis+unix://${socket}`, ...options }),
    openCluster: (ports, prefix) => open({ cluster: ports.map((port) => `redis://127.0.0.1:${port}`), prefix }),
    [Symbol.asyncDispose]: async () => {
      program.stdin.end();
      await exit;
    },
  };
}
