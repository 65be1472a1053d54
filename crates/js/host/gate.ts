import { forwardedHeadOf, headOf, headOfToken } from './head.ts';
import { Judge } from './judge.ts';
import { CLAIMS, Origin, SOURCE } from './origin.ts';
import { type Bindings, type Context, message } from './platform.ts';
import type { Admitted, Verdict } from './verdict.ts';

/**
 * What stands in front of an origin: what may pass goes there, what may not is refused, and what is for Quash itself goes to its
 * endpoints.
 */
export class Gate {
  readonly #judge: Judge;
  readonly #origin: Origin;

  /** @throws Error with what is wrong with the configuration. */
  constructor(module: WebAssembly.Module, env: Bindings) {
    this.#judge = new Judge(module, env);
    this.#origin = new Origin(this.#judge.settings.origin, env);
  }

  /** Answers a request; `endpoints` answers those that are for Quash itself. */
  async fetch(request: Request, context: Context, endpoints: (request: Request) => Promise<Response>): Promise<Response> {
    const verdict = await this.#judge.judge(headOf(request), context);
    switch (verdict.kind) {
      case 'endpoint':
        return endpoints(request);
      case 'verify':
        return verified(await this.#judge.judge(forwardedHeadOf(request, this.#judge.settings), context));
      case 'answered':
        return verdict.response;
      case 'anonymous':
        return this.#forward(request, undefined);
      case 'preflight':
        return this.#forward(request, 'nobody');
      case 'admitted': {
        const response = await this.#forward(request, verdict);
        // The user may have logged out while the origin was working: after the logout's answer, no other may follow.
        const revoked = this.#judge.confirm(verdict);
        if (!revoked) return response;
        await response.body?.cancel();
        return revoked.response;
      }
    }
  }

  /** The answer to whoever comes with this token now; none, if it is in force. */
  async judge(token: string, context: Context): Promise<Response | undefined> {
    const verdict = await this.#judge.judge(headOfToken(token), context);
    if (verdict.kind === 'answered') return verdict.response;
    if (verdict.kind === 'admitted') return undefined;
    throw new Error(`a token was taken for ${verdict.kind}`);
  }

  /** Takes note of what was revoked here: lines of `KEY ENTRY`. It is refused from now on. */
  record(lines: string): void {
    this.#judge.record(lines);
  }

  async #forward(request: Request, admitted: Admitted | 'nobody' | undefined): Promise<Response> {
    try {
      return await this.#origin.forward(request, admitted);
    } catch (error) {
      console.error(`quash: the origin did not answer: ${message(error)}`);
      return this.#judge.originFailed();
    }
  }
}

/** The answer to a proxy. What is empty is there as well: the proxy puts it in the place of what a client has sent. */
function verified(verdict: Verdict): Response {
  if (verdict.kind === 'answered') return verdict.response;
  const { claims, label } = verdict.kind === 'admitted' ? verdict : { claims: '', label: '' };
  return new Response(null, { headers: { [CLAIMS]: claims, [SOURCE]: label, 'Cache-Control': 'no-store' } });
}
