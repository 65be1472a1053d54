import { DurableObject, env, waitUntil } from 'cloudflare:workers';

import module from '../js/build/quash_engine.wasm';
import { Gate } from '../js/host/gate.ts';

// A wrong configuration must never get as far as a request: thrown here, `wrangler deploy` fails with this message, and the
// version before goes on serving.
const gate = start();

export default {
  fetch: (request, bindings, context) => gate.fetch(request, context, () => answer(request, bindings, context)),
};

function start() {
  try {
    return new Gate(module, env);
  } catch (error) {
    throw new Error(`quash: the configuration is wrong: ${error.message}`);
  }
}

/** A shard of the ledger, in Rust. It is loaded as the endpoints are: most isolates keep no shard. */
export class Ledger extends DurableObject {
  #shard;

  async fetch(request) {
    return (await this.#loaded()).fetch(request);
  }

  async alarm() {
    return (await this.#loaded()).alarm();
  }

  async #loaded() {
    const { Ledger } = await import('./build/index.js');
    return (this.#shard ??= new Ledger(this.ctx, this.env));
  }
}

/** The endpoints, in Rust. They are loaded when the first of them is asked for: most isolates never are. */
async function answer(request, bindings, context) {
  const { default: Worker } = await import('./build/index.js');
  const endpoints = new Worker(context, bindings);
  endpoints.onRecord((lines) => gate.record(lines));
  endpoints.onJudge((token) => gate.judge(token, { waitUntil }));
  return endpoints.fetch(request);
}
