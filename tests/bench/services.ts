import { modulesOf } from './modules.ts';
import type { Service } from './workerd.ts';

/** A Worker with its JSON values, and a Workers KV that holds nothing. */
export async function workerWithKv(file: string, json: Readonly<Record<string, unknown>>): Promise<Record<string, Service>> {
  const [modules, kv] = await Promise.all([modulesOf(file), modulesOf('verify/kv-worker.ts')]);
  return { main: { modules, json, bindings: { KV: 'kvNamespace = "kv"' } }, kv: { modules: kv } };
}

/** The same, with a ledger. */
export async function workerWithLedger(file: string, json: Readonly<Record<string, unknown>>): Promise<Record<string, Service>> {
  const [{ main, ...rest }, ledger] = await Promise.all([workerWithKv(file, json), modulesOf('verify/ledger-worker.ts')]);
  const objects = 'durableObjectNamespace = (className = "Ledger", serviceName = "ledger")';
  return {
    main: { ...main!, bindings: { ...main!.bindings, QUASH_LEDGER: objects } },
    ...rest,
    ledger: { modules: ledger, bindings: { KV: 'kvNamespace = "kv"' }, objects: ['Ledger'] },
  };
}
