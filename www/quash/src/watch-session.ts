import { lastEpoch } from './epoch.js';
import { watchIdle } from './idle.js';
import { logout } from './logout.js';
import type { LogoutOptions } from './options.js';
import type { LogoutReport } from './report.js';
import { readToken } from './token.js';

export interface SessionEnd {
  /** `revoked`: the edge has refused the token as revoked. `idle`: the user has done nothing for as long as `idleTimeout` says. */
  readonly reason: 'revoked' | 'idle';
  readonly report: LogoutReport;
}

export interface WatchSessionOptions extends LogoutOptions {
  /** Called after each logout that this has begun: show the login page. */
  readonly onEnd?: ((end: SessionEnd) => void) | undefined;
  /** Log out when the user has done nothing in any tab of this origin for so long, in milliseconds. Default: never. */
  readonly idleTimeout?: number | undefined;
  /** So long before, {@link onIdle} is called, in milliseconds. Default: 60 000, and at most half of `idleTimeout`. */
  readonly idleNotice?: number | undefined;
  /**
   * Called when the session is about to end, with when that will be in milliseconds since the epoch; and with `undefined` when the
   * user is back or it has ended. (WCAG 2.2, success criterion 2.2.1: say so, and let the user stay.)
   */
  readonly onIdle?: ((endsAt: number | undefined) => void) | undefined;
  /** Whose 401 is believed, as origins. Default: this page's and the endpoint's. */
  readonly origins?: readonly string[] | undefined;
}

export interface WatchedSession {
  /** As the global `fetch`. Hand it to whatever calls your API. */
  readonly fetch: typeof fetch;
  /** Counts as something that the user does, where no event tells: a call, a film. */
  touch(): void;
  stop(): void;
}

/**
 * Ends the session in this browser when it has ended elsewhere, or when nobody is there: logs out, as {@link logout} with the same
 * options does, when an answer through `fetch` is a 401 with the code `token_revoked`, or when the user has been idle for too long.
 * The start of a page counts as something that the user does. On a server it watches nothing.
 *
 * ```ts
 * const session = watchSession({ token, wipe: 'everything', idleTimeout: 15 * 60_000, onEnd: () => location.assign('/login') });
 * const account = await session.fetch('/api/account');
 * ```
 */
export function watchSession(options: WatchSessionOptions = {}): WatchedSession {
  // As it is now: the page may put the watched one in its place.
  const { fetch } = globalThis;
  if (typeof window === 'undefined') return { fetch, touch() {}, stop() {} };

  const { endpoint = '/auth/logout', idleTimeout, idleNotice = 60_000, onIdle = () => {}, onEnd } = options;
  let ending: Promise<void> | undefined;
  const end = (reason: SessionEnd['reason']) =>
    (ending ??= (async () => {
      // A token that is revoked cannot revoke any other.
      const report = await logout(reason === 'revoked' ? { ...options, scope: 'token' } : options);
      ending = undefined;
      onEnd?.({ reason, report });
    })());
  const isOurs = (url: string) => {
    const { origin } = new URL(url);
    return (options.origins ?? [location.origin, new URL(endpoint, location.href).origin]).includes(origin);
  };

  const idle = idleTimeout && watchIdle(idleTimeout, Math.min(idleNotice, idleTimeout / 2), onIdle, () => void end('idle'));
  let isStopped = false;
  return {
    fetch: async (...request) => {
      const before = identity(options);
      const isOld = isOfAnother(readToken(options.token), request);
      const response = await fetch(...request);
      // Not awaited: the answer is the caller's, and the look at its copy must not hold it up.
      if (response.status === 401 && !isOld && response.url && isOurs(response.url)) {
        void isRevoked(response.clone()).then((isRevoked) => {
          // By now there may be another login, whose session an answer to the last one must not end.
          if (isRevoked && !isStopped && before === identity(options)) void end('revoked');
        });
      }
      return response;
    },
    touch: () => idle && idle.touch(),
    stop: () => {
      isStopped = true;
      if (idle) idle.stop();
    },
  };
}

/** Of the login, as far as a page can tell: it is another one after a logout, or with another token. */
function identity({ token }: LogoutOptions): string {
  return `${lastEpoch()} ${readToken(token)}`;
}

/** Does the request carry a token that is no longer ours? A retry has the headers that it began with. */
function isOfAnother(token: string | null | undefined, [input, init]: Parameters<typeof fetch>): boolean {
  const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
  const [, sent] = /^Bearer +(.+)$/i.exec(headers.get('Authorization') ?? '') ?? [];
  return !!sent && !!token && sent !== token;
}

/** In the edge's words; see docs/http.md. */
async function isRevoked(response: Response): Promise<boolean> {
  const body = await response.json().catch(() => null);
  return body?.code === 'token_revoked';
}
