import type { LogoutOptions } from './options.js';
import type { EdgeAnswer } from './report.js';

/** What came from the edge, not yet understood. */
export interface RawAnswer {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  /** Any JSON. */
  readonly body?: any;
  readonly reason?: EdgeAnswer['reason'];
}

/** Of a form; what has no value is left out. */
export type Fields = Readonly<Record<string, string | null | undefined>>;

export function formOf(fields: Fields): URLSearchParams {
  return new URLSearchParams(Object.entries(fields).filter((field): field is [string, string] => !!field[1]));
}

/**
 * Tells the edge, at once: the request is under way when this returns. Never rejects.
 *
 * A form body and no header of our own make it a simple request: no preflight, also to another origin. `keepalive` lets it
 * outlive the page. It is not aborted when the time is up: a revocation that arrives late is better than none.
 */
export function notify(
  { endpoint = '/auth/logout', timeout = 5000 }: LogoutOptions,
  fields: Fields,
  credentials: RequestCredentials = 'include',
): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const send = async () => {
      const response = await fetch(endpoint, { method: 'POST', credentials, keepalive: true, body: formOf(fields) });
      resolve({ status: response.status, body: await response.json().catch(() => null) });
    };
    setTimeout(resolve, timeout, { status: 0, reason: 'timeout' });
    send().catch(() => resolve({ status: 0, reason: 'network' }));
  });
}
