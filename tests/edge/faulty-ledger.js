/**
 * The Worker as it is deployed, with faults between it and the ledger's real Durable Objects. A fault is switched on by the key
 * `ledger_fault` in the KV namespace: `down` fails as Durable Objects fail, by a rejected promise; with `hang` they never answer, with
 * `slow` after 700 ms. `shards` is `down` for all but the object that is no shard,
 * `lists` for those that keep status lists.
 *
 * Imported first, so that the Worker finds the faulty binding when it starts.
 */
import { env } from 'cloudflare:workers';

const { QUASH_LEDGER: real, QUASH_DENYLIST: kv } = env;
// faulty-kv.js may be between, which knows of faults of its own.
const get = kv.realGet ?? kv.get.bind(kv);

const faulty = (name, stub) => ({
  async fetch(...args) {
    const fault = await get('ledger_fault');
    if (fault === 'down' || (fault === 'shards' && name !== 'once')) throw new Error('Network connection lost.');
    if (fault === 'lists' && name.startsWith('status-list-')) throw new Error('Network connection lost.');
    if (fault === 'hang') await new Promise((resolve) => setTimeout(resolve, 60_000));
    if (fault === 'slow') await new Promise((resolve) => setTimeout(resolve, 700));
    return stub.fetch(...args);
  },
});

/** Rust knows a namespace by its constructor's name. */
class DurableObjectNamespace {
  idFromName(name) {
    return real.idFromName(name);
  }

  getByName(name) {
    return faulty(name, real.getByName(name));
  }
}

env.QUASH_LEDGER = new DurableObjectNamespace();
