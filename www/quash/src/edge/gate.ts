import { later } from './clock.js';
import { forwardedHeadOf, headOf, headOfToken } from './head.js';
import { Judge } from './judge.js';
import { CODE, Observer } from './observer.js';
import { CLAIMS, SOURCE, type Sender } from './passed-on.js';
import { type Bindings, type Context, type Upgraded, message } from './platform.js';
import type { Settings } from './settings.js';
import type { Admitted, Verdict } from './verdict.js';

/** RFC 6455 section 7.4.1. */
const POLICY_VIOLATION = 1008;

/** Who answers what the gate does not answer itself. */
export interface Behind {
  /** What may pass. */
  readonly next: (request: Request, sender: Sender) => Promise<Response>;
  /** What is for Quash itself. */
  readonly endpoints: (request: Request) => Promise<Response>;
}

/** What stands in front of whoever answers: what may pass goes there, and what may not is refused. */
export class Gate {
  readonly #judge: Judge;
  readonly #observer: Observer;

  /** @throws Error with what is wrong with the configuration. */
  constructor(module: WebAssembly.Module, env: Bindings) {
    this.#judge = new Judge(module, env);
    this.#observer = new Observer(this.settings, env);
  }

  get settings(): Settings {
    return this.#judge.settings;
  }

  /** Answers a request; rejects with what `next` throws, and with nothing else. */
  async fetch(request: Request, context: Context, { next, endpoints }: Behind): Promise<Response> {
    const arrived = later();
    const verdict = await this.#judge.judge(headOf(request), context);
    switch (verdict.kind) {
      case 'endpoint':
        return this.#told(
          verdict.name,
          await endpoints(request).catch((error: unknown) => this.#judge.platformFailed(error)),
          arrived,
        );
      case 'verify':
        return this.#refused('verify', verified(await this.#judge.judge(forwardedHeadOf(request, this.settings), context)), arrived);
      case 'answered':
        return this.#refused('guarded', verdict.response, arrived);
      case 'anonymous':
        return next(request, 'anybody');
      case 'preflight':
        return next(request, 'nobody');
      case 'admitted': {
        const took = later() - arrived;
        const response = await next(request, verdict);
        // The user may have logged out while it was worked on: after the logout's answer, no other may follow.
        const revoked = this.#judge.confirm(verdict);
        if (!revoked) return this.#observer.timed(response, took);
        context.waitUntil(cancelled(response));
        return this.#told('guarded', revoked.response, arrived);
      }
    }
  }

  /** The answer to whoever comes with this token now; none, if it is in force. */
  async judge(token: string, context: Context): Promise<Response | undefined> {
    const verdict = await this.verify(token, context);
    return verdict instanceof Response ? verdict : undefined;
  }

  /** The verdict on a token, or the answer to whoever comes with it now. */
  async verify(token: string, context: Context): Promise<Admitted | Response> {
    const verdict = await this.#judge.judge(headOfToken(token), context);
    if (verdict.kind === 'answered') return verdict.response;
    if (verdict.kind === 'admitted') return verdict;
    throw new Error(`a token was taken for ${verdict.kind}`);
  }

  /** Takes note of what was revoked here: lines of `KEY ENTRY`. It is refused from now on. */
  record(lines: string): void {
    this.#judge.record(lines);
  }

  /** What passes, and how the guard is, comes all the time, and is told of elsewhere. */
  #refused(route: string, answer: Response, since: number): Response {
    if (answer.headers.has(CODE)) return this.#told(route, answer, since);
    return this.#observer.timed(answer, later() - since);
  }

  #told(route: string, answer: Response, since: number): Response {
    return this.#observer.tell(route, answer, later() - since);
  }

  /** The answer to a request whose origin does not answer. */
  originFailed(): Response {
    return this.#told('guarded', this.#judge.originFailed(), later());
  }
}

/** The answer to a proxy. What is empty is there as well: the proxy puts it in the place of what a client has sent. */
function verified(verdict: Verdict): Response {
  if (verdict.kind === 'answered') return verdict.response;
  const { payload, label } = verdict.kind === 'admitted' ? verdict : { payload: '', label: '' };
  return new Response(null, { headers: { [CLAIMS]: payload, [SOURCE]: label, 'Cache-Control': 'no-store' } });
}

/** Tells whoever makes a body, or has the other half of a WebSocket, that nobody wants it. What that comes to is nothing to the client. */
async function cancelled({ body, webSocket }: Response & Upgraded): Promise<void> {
  try {
    webSocket?.accept();
    webSocket?.close(POLICY_VIOLATION);
    await body?.cancel();
  } catch (error) {
    console.warn(`quash: the body of an answer that was dropped: ${message(error)}`);
  }
}
