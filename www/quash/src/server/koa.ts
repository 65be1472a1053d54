import type { IncomingHttpHeaders } from 'node:http';

import { type Authenticated, type Gate, type GuardOptions, guarding, loggingOut } from './http/gate.js';

export type { Authenticated, GuardOptions } from './http/gate.js';

/** What is used of Koa's context. */
export interface Context {
  readonly headers: IncomingHttpHeaders;
  readonly state: { auth?: Authenticated };
  status: number;
  body: unknown;
  set(headers: Record<string, string>): void;
}

export type Middleware = (context: Context, next: () => Promise<unknown>) => Promise<void>;

/**
 * Lets in whoever has a token that is good and was not destroyed, and puts who that is into `context.state.auth`. Answers all
 * others as docs/errors.md says.
 */
export function guard(options: GuardOptions): Middleware {
  return middleware(guarding(options));
}

/** Destroys the token that a request carries, whether in a header or a cookie, and goes on when that is durable. */
export function logout(options: GuardOptions): Middleware {
  return middleware(loggingOut(options));
}

function middleware(gate: Gate): Middleware {
  return async (context, next) => {
    const outcome = await gate(context.headers);
    if ('refusal' in outcome) {
      context.status = outcome.refusal.status;
      context.set(outcome.refusal.headers);
      context.body = outcome.refusal.body;
      return;
    }
    if (outcome.auth) context.state.auth = outcome.auth;
    await next();
  };
}
