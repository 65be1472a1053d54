import { WorkerEntrypoint } from 'cloudflare:workers';

import { answer, revoke } from './endpoints.js';
import { QuashError } from './quash-error.js';
import { type Revocable, type Told, demandOf } from './revoke.js';
import { start } from './start.js';

/** What other Workers of the account are given by a service binding that names it. */
export interface Endpoints {
  /** Answers what is below Quash's prefix. */
  fetch(request: Request): Promise<Response>;
  /** Revokes, for a guard there: see `Guard.revoke`. */
  revoke(what: Revocable): Promise<Told>;
  /** By this, Cloudflare's types know the classes of entrypoints. */
  readonly __WORKER_ENTRYPOINT_BRAND: never;
}

class EndpointsEntrypoint extends WorkerEntrypoint {
  fetch(request: Request): Promise<Response> {
    return answer(request, this.env, this.ctx, start(() => {}));
  }

  async revoke(what: Revocable): Promise<Told> {
    let demand: string;
    try {
      demand = demandOf(what);
    } catch (error) {
      if (!(error instanceof QuashError)) throw error;
      return { receipt: { outcome: 'refused', code: error.code, detail: error.message }, entries: '' };
    }
    return revoke(demand, this.env, this.ctx, start(() => {}));
  }
}

/**
 * What a Worker that has the endpoints exports for others, whose guards then revoke by it. No request from outside reaches it: those go to the
 * default export. Whoever binds it may revoke everything.
 *
 * ```ts
 * export { Endpoints, Ledger } from 'quash/edge';
 * ```
 */
export const Endpoints = EndpointsEntrypoint as unknown as new (context: any, env: any) => Endpoints;
