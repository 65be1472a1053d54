/** Quash for Workers that are built with Hono. */
import { waitUntil } from 'cloudflare:workers';
import type { Context as HonoContext, MiddlewareHandler } from 'hono';

import { type Authenticated, createGuard, type Guard } from './index.js';
import type { Context } from './platform.js';

export { type Authenticated, createGuard, type Guard, type GuardOptions, QuashError } from './index.js';

/** What the middleware adds to Hono's context. */
export interface Variables {
  /** Who the request is from; nobody on paths that need no token, and where it has none. */
  auth?: Authenticated | undefined;
}

/**
 * Lets in whoever has a token that is good and was not revoked, and puts who that is into `c.get('auth')`. All others are answered as
 * docs/http.md says, and so is what is below the prefix: a logout needs no route. Which paths need no token, and what others ask
 * for besides, is in the configuration.
 *
 * ```ts
 * const app = new Hono<{ Variables: Variables }>();
 * app.use(guard());
 * app.get('/me', (c) => c.text(c.get('auth')?.claims.sub ?? 'nobody'));
 * ```
 *
 * It judges by the path that it sees: in an app that is mounted below a path, that is another than the configuration's.
 *
 * @throws Error with what is wrong with the configuration.
 */
export function guard(by: Guard = createGuard()): MiddlewareHandler<{ Variables: Variables }> {
  return async (c, next) => {
    let isThrough = false;
    const answer = await by.fetch(c.req.raw, contextOf(c), async (request, auth) => {
      isThrough = true;
      c.req.raw = request;
      c.set('auth', auth);
      await next();
      return c.res;
    });
    if (isThrough && answer === c.res) return;
    const headers = [...c.res.headers].filter(([name]) => !isThrough || isCors(name));
    c.res = undefined;
    c.res = withHeaders(answer, headers);
  };
}

/** By these a page may read a refusal. Of all else that was answered behind the guard, nothing is kept. */
function isCors(name: string): boolean {
  return name.startsWith('access-control-') || name === 'vary';
}

/** An answer, and what middleware in front of the guard has added to whatever it would be. */
function withHeaders(answer: Response, headers: Iterable<[string, string]>): Response {
  // A copy: what another Worker has answered cannot be added to.
  const copy = new Response(answer.body, answer);
  for (const [name, value] of headers) {
    if (name === 'set-cookie' || name === 'vary') copy.headers.append(name, value);
    else if (!copy.headers.has(name)) copy.headers.set(name, value);
  }
  return copy;
}

/** Tests of an app call it without one. */
function contextOf(c: HonoContext): Context {
  try {
    return c.executionCtx;
  } catch {
    return { waitUntil };
  }
}
