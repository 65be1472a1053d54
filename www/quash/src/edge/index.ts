/** Quash for Workers in JavaScript. */
import { env } from 'cloudflare:workers';

import { type Authenticated, authenticated } from './authenticated.js';
import { answer } from './endpoints.js';
import { passedOn } from './passed-on.js';
import type { Context, Fetcher } from './platform.js';
import { start } from './start.js';

export type { Authenticated } from './authenticated.js';
export type { Claims } from './claims.js';
export { Ledger } from './ledger-object.js';
export type { Context, Fetcher } from './platform.js';

export interface GuardOptions {
  /**
   * Who answers what is below Quash's prefix: another Worker, by a service binding. Default: this one does.
   *
   * What the other has revoked is known here when the ledger was followed, within `max_staleness`, and not at once.
   */
  readonly endpoints?: Fetcher;
  /**
   * Answers a CORS preflight, by which a browser asks what another origin's page may send. It never has a token, so nobody knows whose
   * it is: it must do nothing, and tell nothing, but `Access-Control-*`. Default: an empty 204, which allows nothing.
   */
  readonly preflight?: (request: Request) => Response | Promise<Response>;
}

/** Answers a request that may pass. `auth` is who it is from: `undefined` on paths that need no token, and where it has none. */
export type Next = (request: Request, auth: Authenticated | undefined) => Response | Promise<Response>;

/** The same, as a Worker's `fetch`. */
export type Handler<Env, Ctx extends Context> = (
  request: Request,
  env: Env,
  context: Ctx,
  auth: Authenticated | undefined,
) => Response | Promise<Response>;

/** A guard in front of a Worker's own handlers. */
export interface Guard {
  /**
   * Has a handler see only what may pass: with a token that is good and was not revoked, or on a path that needs none. All else is
   * answered as docs/http.md says, and so is what is below the prefix: a logout needs no route.
   *
   * ```ts
   * export default {
   *   fetch: guard.handler((request, env, context, auth) => Response.json({ hello: auth?.claims.sub })),
   * };
   * ```
   */
  handler<Env, Ctx extends Context>(handler: Handler<Env, Ctx>): (request: Request, env: Env, context: Ctx) => Promise<Response>;

  /**
   * Answers a request: what may pass, `next` does. It rejects with what `next` throws, and with nothing else.
   *
   * The request that `next` is given has no `Quash-*` header of the client's. With a token, it has `Quash-Claims`, and no
   * `Authorization` but that of the token that was verified. Should that be revoked here while `next` is at work, its answer is dropped, and
   * the request refused.
   */
  fetch(request: Request, context: Context, next: Next): Promise<Response>;
}

/**
 * The guard of this Worker, by its variable `QUASH`, and the secrets and bindings that this names: docs/configuration.md. Make it
 * outside of any handler, so that a wrong configuration is never deployed. All guards of an isolate know the same.
 *
 * ```ts
 * import { createGuard } from 'quash/edge';
 * export { Ledger } from 'quash/edge';
 *
 * const guard = createGuard();
 * ```
 *
 * @throws Error with the first field that is wrong; TypeError where `endpoints` is named and not bound.
 */
export function createGuard(options: GuardOptions = {}): Guard {
  const { endpoints, preflight = () => new Response(null, { status: 204 }) } = options;
  if ('endpoints' in options && !endpoints) throw new TypeError('quash: `endpoints` is not bound');
  const gate = start(({ settings }) => {
    if (Object.keys(settings.origin).length > 0) throw new Error('QUASH.origin: what may pass is for the handler');
  });
  const fetch: Guard['fetch'] = (request, context, next) =>
    gate.fetch(request, context, {
      next: async (request, sender) => {
        const passed = passedOn(request, sender);
        if (sender === 'nobody') return preflight(passed);
        return next(passed, sender === 'anybody' ? undefined : authenticated(sender));
      },
      endpoints: (request) => (endpoints ? endpoints.fetch(request) : answer(request, env, context, gate)),
    });
  return {
    fetch,
    handler: (handler) => (request, env, context) =>
      fetch(request, context, (passed, auth) => handler(passed, env, context, auth)),
  };
}
