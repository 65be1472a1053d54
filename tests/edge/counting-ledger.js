/** The ledger's real Durable Object, which tells how often it was asked. */
import { Ledger as Real } from '../../crates/worker/index.js';

export class Ledger extends Real {
  #calls = 0;

  async fetch(request) {
    if (request.url.endsWith('/calls')) return Response.json(this.#calls);
    this.#calls += 1;
    return super.fetch(request);
  }
}
