/**
 * The ledger's real Durable Object, which tells how often it was asked. It is an old one, unless its name says otherwise: of a new one
 * Workers do not rely on that it knows everything.
 */
import { Ledger as Real } from '../../crates/worker/index.js';
import { age } from './aged-ledger.js';

export class Ledger extends Real {
  #calls = 0;

  constructor(ctx, env) {
    super(ctx, env);
    if (!env.LEDGER_IS_NEW) age(ctx);
  }

  async fetch(request) {
    if (request.url.endsWith('/calls')) return Response.json(this.#calls);
    this.#calls += 1;
    return super.fetch(request);
  }
}
