/** The Workers of `http.ts` and `cold.ts`, as they are printed. */
import { workerWithKv } from '../services.ts';
import type { Setup } from '../verify/peer.ts';
import { bindings } from '../verify/quash-bindings.ts';
import type { Service } from '../workerd.ts';

type Services = Readonly<Record<string, Service>>;

/** Each answers 200 `ok` to a good token; those that guard nothing, to anything. */
const CASES: Record<string, (setup: Setup) => Promise<Services>> = {
  trivial: () => workerWithKv('http/trivial.ts', {}),
  'worker-hello': () => workerWithKv('hello/build/index.js', {}),
  'quash-gate': (setup) => workerWithKv('http/quash.ts', { SETUP: setup }),
  'quash-rust-guard': (setup) => workerWithKv('guarded/build/index.js', bindings(setup)),
  jose: (setup) => workerWithKv('http/jose.ts', { SETUP: setup }),
  'jose+kv': (setup) => workerWithKv('http/jose-kv.ts', { SETUP: setup }),
};

/** Those that answer everybody. */
export const UNGUARDED: readonly string[] = ['trivial', 'worker-hello'];

/** By their names. */
export async function services(setup: Setup): Promise<[string, Services][]> {
  return Promise.all(Object.entries(CASES).map(async ([name, make]): Promise<[string, Services]> => [name, await make(setup)]));
}
