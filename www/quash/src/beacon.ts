import { type Fields, type RawAnswer, formOf } from './notify.js';
import type { EdgeOptions } from './options.js';

/**
 * Where a request dies with its page, since there is no `keepalive` (Firefox before 133), a page that goes before the edge has
 * answered says it once more by a beacon. Nobody hears the answer to that, hence it is no first choice.
 */
export function tellAtUnload({ endpoint = '/auth/logout' }: EdgeOptions, fields: Fields, answer: Promise<RawAnswer>): void {
  if (!globalThis.Request || 'keepalive' in Request.prototype) return;
  const tell = () => void navigator.sendBeacon(endpoint, formOf(fields));
  addEventListener('pagehide', tell);
  void answer.then(({ status }) => status && removeEventListener('pagehide', tell));
}
