import { type Message, type RawAnswer, formOf } from './notify.js';

/**
 * Where a request dies with its page, since there is no `keepalive` (Firefox before 133), a page that goes before the edge has
 * answered says it once more by a beacon. Nobody hears the answer to that, hence it is no first choice.
 */
export function tellAtUnload(message: Message, answer: Promise<RawAnswer>): void {
  try {
    if ('keepalive' in Request.prototype) return;
    const tell = () => void navigator.sendBeacon(message.endpoint ?? '/auth/logout', formOf(message));
    addEventListener('pagehide', tell);
    // Answered or given up: later, the cookies may be of another login. The outbox does the rest.
    void answer.then(() => removeEventListener('pagehide', tell));
  } catch {
    // Whoever broke `Request` has broken `fetch`, too.
  }
}
