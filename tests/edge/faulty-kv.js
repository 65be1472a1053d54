/**
 * The Worker as it is deployed, with faults between it and the real KV namespace. A fault is switched on by the key `fault`
 * in that namespace: `read` and `write` fail as Workers KV fails, by a rejected promise; with `hang` it never answers.
 *
 * Imported first, so that the Worker finds the faulty binding when it starts.
 */
import { env } from 'cloudflare:workers';

const real = env.QUASH_DENYLIST;

const faulty = (operation, method) =>
  async function (...args) {
    const fault = await real.get('fault');
    if (fault === 'hang') await new Promise((resolve) => setTimeout(resolve, 60_000));
    if (fault === operation) throw new Error(`KV ${operation} failed: 500 Internal Server Error`);
    return method.apply(real, args);
  };

env.QUASH_DENYLIST = {
  /** For other modules that inject faults. */
  realGet: real.get.bind(real),
  get: faulty('read', real.get),
  getWithMetadata: faulty('read', real.getWithMetadata),
  list: faulty('read', real.list),
  put: faulty('write', real.put),
  delete: faulty('write', real.delete),
};
