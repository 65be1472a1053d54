import type { IncomingHttpHeaders } from 'node:http';

import { type Authenticated, type Gate, type GuardOptions, guarding, loggingOut } from './http/gate.js';

export type { Authenticated, GuardOptions } from './http/gate.js';

/** What is used of Fastify's request and reply. */
export interface Request {
  readonly headers: IncomingHttpHeaders;
  auth?: Authenticated;
}

export interface Reply {
  code(status: number): this;
  headers(headers: Record<string, string>): this;
  send(body: string): this;
}

/** For `onRequest`, or any other hook before the handler. */
export type Hook = (request: Request, reply: Reply) => Promise<unknown>;

/**
 * Lets in whoever has a token that is good and was not destroyed, and puts who that is into `request.auth`. Answers all others as
 * docs/errors.md says.
 *
 * ```ts
 * app.get('/api/me', { onRequest: guard({ jwt, key: secret, algorithms: ['HS256'] }) }, (request) => request.auth.claims);
 * ```
 */
export function guard(options: GuardOptions): Hook {
  return hook(guarding(options));
}

/** Destroys the token that a request carries, whether in a header or a cookie, and goes on when that is durable. */
export function logout(options: GuardOptions): Hook {
  return hook(loggingOut(options));
}

function hook(gate: Gate): Hook {
  return async (request, reply) => {
    const outcome = await gate(request.headers);
    if ('refusal' in outcome) {
      const { status, headers, body } = outcome.refusal;
      return reply.code(status).headers(headers).send(body);
    }
    if (outcome.auth) request.auth = outcome.auth;
    return undefined;
  };
}
