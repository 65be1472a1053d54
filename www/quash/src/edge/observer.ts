import type { Bindings, Dataset } from './platform.js';
import type { Settings } from './settings.js';

/** The header that has a refusal's code. */
export const CODE = 'Quash-Code';
/** The codes of what comes all day. */
const EVERYDAY = ['token_missing', 'token_expired'];
/** Where something is revoked. */
const REVOKING = ['logout', 'revoke', 'backchannel-logout', 'events', 'global-token-revocation', 'admin'];

/**
 * Tells of answers: a line for the log, a data point for whoever counts, and how long it took. All of it is from lists of ours, and
 * nothing that a request says: `note.rs` has the same words.
 */
export class Observer {
  readonly #settings: Settings;
  readonly #dataset: Dataset | undefined;

  /** @throws Error when the data set is not bound. */
  constructor(settings: Settings, env: Bindings) {
    const { analytics } = settings;
    this.#settings = settings;
    this.#dataset = env[analytics] as Dataset | undefined;
    if (analytics !== '' && !this.#dataset) {
      throw new Error(`QUASH.observe.analytics: there is no Analytics Engine data set bound as \`${analytics}\``);
    }
  }

  /** @param route `guarded`, or the name of an endpoint. @param ms By the platform's clock, which stands still while nothing is waited for. */
  tell(route: string, answer: Response, ms: number): Response {
    const { mode, log } = this.#settings;
    const { status } = answer;
    const code = answer.headers.get(CODE) ?? '';
    const quash = code ? 'refusal' : 'answer';
    const isNotable = code ? !EVERYDAY.includes(code) : REVOKING.includes(route);
    const level = status >= 500 ? 0 : isNotable ? 1 : 2;
    if (level <= log) {
      const line = { quash, route, code: code || undefined, status, mode, ms };
      console[level === 0 ? 'error' : code ? 'warn' : 'log'](JSON.stringify(line));
    }
    try {
      this.#dataset?.writeDataPoint({ indexes: [route], blobs: [quash, route, code, mode], doubles: [status, ms] });
    } catch {
      // Whoever counts must not keep anybody from an answer.
    }
    return this.timed(answer, ms);
  }

  /** Has an answer tell how long it took, if that is wanted. */
  timed(answer: Response, ms: number): Response {
    // One that opens a WebSocket cannot be made anew.
    if (!this.#settings.serverTiming || answer.status === 101) return answer;
    const timed = new Response(answer.body, answer);
    timed.headers.append('Server-Timing', `quash;dur=${ms}`);
    return timed;
  }
}
