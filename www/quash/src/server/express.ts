import type { IncomingMessage, ServerResponse } from 'node:http';

import { type Authenticated, type Gate, type GuardOptions, guarding, loggingOut } from './http/gate.js';

export type { Authenticated, GuardOptions } from './http/gate.js';

/** A request that has been let in. */
export interface AuthenticatedRequest extends IncomingMessage {
  auth?: Authenticated;
}

/** Middleware of Express, and of whatever else takes the same: Connect, Polka, NestJS. */
export type Handler = (request: AuthenticatedRequest, response: ServerResponse, next: (error?: unknown) => void) => void;

/**
 * Lets in whoever has a token that is good and was not destroyed, and puts who that is into `request.auth`. Answers all others as
 * docs/errors.md says; what is wrong with the server goes to `next`.
 *
 * ```ts
 * app.use('/api', guard({ jwt, key: secret, algorithms: ['HS256'] }));
 * ```
 */
export function guard(options: GuardOptions): Handler {
  return handler(guarding(options));
}

/**
 * Destroys the token that a request carries, whether in a header or a cookie, and goes on when that is durable.
 *
 * ```ts
 * app.post('/logout', logout({ jwt, key: secret, algorithms: ['HS256'], cookies: ['session'] }), (request, response) => {
 *   response.clearCookie('session').sendStatus(204);
 * });
 * ```
 */
export function logout(options: GuardOptions): Handler {
  return handler(loggingOut(options));
}

function handler(gate: Gate): Handler {
  return (request, response, next) => {
    const settled = gate(request.headers).then((outcome) => {
      // Somebody else has lost patience.
      if (response.headersSent) return;
      if ('refusal' in outcome) {
        const { status, headers, body } = outcome.refusal;
        response.writeHead(status, headers).end(body);
        return;
      }
      if (outcome.auth) request.auth = outcome.auth;
      // Outside of the promise: what it throws must not come back to it as an error of the gate's.
      setImmediate(next);
    });
    settled.catch((error: unknown) => next(error));
  };
}
