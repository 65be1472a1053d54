/** The Workers of `http.ts` and `cold.ts`, as they are printed. */
import { workerWithKv, workerWithLedger } from '../services.ts';
import type { Setup } from '../verify/peer.ts';
import { type Mode, bindings } from '../verify/quash-bindings.ts';
import type { Service } from '../workerd.ts';

type Services = Readonly<Record<string, Service>>;

const WORKERS = { bounded: workerWithLedger, danger_isolate: workerWithKv } as const;

/** Each answers 200 `ok` to a good token; those that guard nothing, to anything. */
const CASES: Record<string, (setup: Setup, mode: Mode) => Promise<Services>> = {
  trivial: () => workerWithKv('http/trivial.ts', {}),
  'worker-hello': () => workerWithKv('hello/build/index.js', {}),
  'quash-gate': (setup, mode) => WORKERS[mode]('http/quash.ts', { SETUP: setup, MODE: mode }),
  'quash-rust-guard': (setup, mode) => WORKERS[mode]('guarded/build/index.js', bindings(setup, mode)),
  jose: (setup) => workerWithKv('http/jose.ts', { SETUP: setup }),
  'jose+kv': (setup) => workerWithKv('http/jose-kv.ts', { SETUP: setup }),
};

/** Those that answer everybody. */
export const UNGUARDED: readonly string[] = ['trivial', 'worker-hello'];

/** By their names; Quash in this mode. */
export async function services(setup: Setup, mode: Mode): Promise<[string, Services][]> {
  return Promise.all(Object.entries(CASES).map(async ([name, make]): Promise<[string, Services]> => [name, await make(setup, mode)]));
}
