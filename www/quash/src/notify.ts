import type { LogoutOptions, Scope } from './options.js';
import type { EdgeAnswer } from './report.js';

/** What came from the edge, not yet understood. */
export interface RawAnswer {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Any JSON. */
  readonly body?: any;
  readonly reason?: EdgeAnswer['reason'];
}

/** What the edge is told, and where. */
export interface Message extends Pick<LogoutOptions, 'endpoint' | 'timeout'> {
  readonly scope?: Scope | 'others' | undefined;
  readonly token?: string | null | undefined;
  readonly handle?: string | undefined;
}

export function formOf({ token, handle, scope }: Message): URLSearchParams {
  return new URLSearchParams(Object.entries({ token, handle, scope }).filter((field) => field[1]) as [string, string][]);
}

/**
 * Tells the edge, at once: the request is under way when this returns. Never rejects.
 *
 * A form body and no header of our own make it a simple request: no preflight, also to another origin. `keepalive` lets it
 * outlive the page. It is not aborted when the time is up: a revocation that arrives late is better than none.
 */
export function notify(message: Message, credentials: RequestCredentials = 'include'): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const send = async () => {
      const response = await fetch(message.endpoint ?? '/auth/logout', { method: 'POST', credentials, keepalive: true, body: formOf(message) });
      resolve({ status: response.status, body: await response.json().catch(() => null) });
    };
    const fail = (reason: RawAnswer['reason']) => resolve({ status: 0, reason });
    setTimeout(fail, message.timeout ?? 5000, 'timeout');
    send().catch(() => fail('network'));
  });
}
