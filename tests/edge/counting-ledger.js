/**
 * The ledger's real Durable Object, which tells how often it was asked. It is an old one, unless its name says otherwise: of a new one
 * Workers do not rely on that it knows everything.
 */
import { Ledger as Real } from '../../www/quash/dist/edge/ledger-object.js';
import { age } from './aged-ledger.js';
import { asked } from './asked.js';

/** Of each object. Not in it: after ten seconds in which nobody asks, it goes. */
const calls = new Map();

export class Ledger extends Real {
  #id;

  constructor(ctx, env) {
    super(ctx, env);
    this.#id = ctx.id.toString();
    if (!env.LEDGER_IS_NEW) age(ctx);
  }

  async fetch(request) {
    const before = calls.get(this.#id) ?? 0;
    if (request.url.endsWith('/calls')) return Response.json(before);
    calls.set(this.#id, before + 1);
    asked(request.url);
    return super.fetch(request);
  }
}
