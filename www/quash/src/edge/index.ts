/** Quash for Workers in JavaScript. */
import { env, waitUntil } from 'cloudflare:workers';

import { type Authenticated, authenticated } from './authenticated.js';
import { answer, revoke } from './endpoints.js';
import type { Gate } from './gate.js';
import { CODE } from './observer.js';
import { passedOn } from './passed-on.js';
import type { Context, Fetcher } from './platform.js';
import { QuashError } from './quash-error.js';
import { type Receipt, type Revocable, type Revoking, type Told, demandOf, failed, receiptOf, revokeThere } from './revoke.js';
import { start } from './start.js';

export type { Authenticated } from './authenticated.js';
export type { Claims } from './claims.js';
export { Endpoints } from './entrypoint.js';
export { Ledger } from './ledger-object.js';
export type { Context, Fetcher } from './platform.js';
export { QuashError } from './quash-error.js';
export type { Reason, Receipt, Revocable, Revoking, Target, Told } from './revoke.js';

export interface GuardOptions {
  /**
   * Who answers what is below Quash's prefix: another Worker, by a service binding. Default: this one does. Where this one revokes, too, the
   * binding is to the other's entrypoint `Endpoints`.
   *
   * What the other has revoked is known here when the ledger was followed, within `max_staleness`, and not at once.
   */
  readonly endpoints?: Fetcher & Revoking;
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

  /**
   * Revokes, of the Worker's own accord, and comes back when it is durable. This isolate refuses it from the first moment, or once another Worker
   * that has the endpoints has answered; all others by the receipt's `effective_by`. It goes on where the client of the request has hung up.
   *
   * ```ts
   * await guard.revoke({ iss: 'https://issuer.example', sub: 'ada' }); // log a user out everywhere
   * await guard.revoke({ token: auth.token });
   * ```
   *
   * Whose it is is for the caller to check: nobody is asked for credentials. A handler that revokes the token of its own request is not heard any
   * more: the request is answered with `token_revoked`.
   *
   * @throws QuashError with the code of docs/errors.md: `store_unavailable` and `platform_failed` where nothing is acknowledged, and it may be done or
   * not (it may be repeated), `member_invalid`, `issuer_unknown` and what else is wrong with what was named.
   */
  revoke(what: Revocable): Promise<Receipt>;

  /**
   * Verifies a token that came without a request, or in one of another kind: in a queue's message, over a WebSocket, in a Durable Object. It is
   * judged as on a route without terms of its own.
   *
   * ```ts
   * const { claims } = await guard.verify(message.body.token);
   * ```
   *
   * What is revoked afterwards is for the caller to ask about again.
   *
   * @throws QuashError with the code of the refusal: `token_revoked`, `token_expired`, `ledger_unavailable`.
   */
  verify(token: string): Promise<Authenticated>;
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
    revoke: (what) => {
      const revoked = (async () => {
        const told = await (endpoints ? revokeThere(endpoints, what) : revokeHere(what, gate));
        // What another Worker has revoked, nobody here has heard of.
        if (endpoints) gate.record(told.entries);
        return receiptOf(told);
      })();
      // Who hangs up while a password is changed must not keep the old sessions.
      waitUntil(revoked.catch(() => {}));
      return revoked;
    },
    verify: async (token) => {
      const verdict = await gate.verify(token, { waitUntil });
      if (!(verdict instanceof Response)) return authenticated(verdict);
      const { message } = (await verdict.json()) as { readonly message: string };
      throw new QuashError(verdict.headers.get(CODE) ?? '', message);
    },
    handler: (handler) => (request, env, context) =>
      fetch(request, context, (passed, auth) => handler(passed, env, context, auth)),
  };
}

async function revokeHere(what: Revocable, gate: Gate): Promise<Told> {
  const demand = demandOf(what);
  try {
    return await revoke(demand, env, { waitUntil }, gate);
  } catch (error) {
    throw failed(error);
  }
}
