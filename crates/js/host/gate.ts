import { lookUp } from './denylist.ts';
import { read } from './documents.ts';
import { Engine, Status } from './engine.ts';
import { type Admitted, Origin } from './origin.ts';
import { type Bindings, type Context, type KvNamespace, message } from './platform.ts';
import type { Settings } from './settings.ts';
import { KeyError, Signatures } from './signatures.ts';

/** As many as the engine keeps: what was revoked here, should the engine have to start again. */
const MAX_RECORDED = 10_000;

/** A verdict on a request. */
export type Verdict =
  | { readonly kind: 'endpoint' }
  | { readonly kind: 'anonymous' }
  | ({ readonly kind: 'admitted'; readonly decided: Decided } & Admitted)
  | { readonly kind: 'refused'; readonly response: Response };

/** By what it was decided: as long as that is so, nothing has been revoked here, and no key has gone. */
interface Decided {
  readonly by: Engine;
  readonly version: number;
}

interface Refusal {
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: string;
  readonly internal?: string;
}

/** The engine that runs now, with what belongs to it: its numbers mean nothing to another one. */
interface Running {
  readonly engine: Engine;
  readonly signatures: Signatures;
}

/**
 * The engine's host in a Worker: does what it asks for, and decides nothing. What may pass goes to the origin, what may not is
 * refused, and what is for Quash itself goes to its endpoints.
 */
export class Gate {
  readonly #module: WebAssembly.Module;
  readonly #variables: string;
  readonly #settings: Settings;
  readonly #kv: KvNamespace;
  readonly #origin: Origin;
  #recorded: string[] = [];
  #running: Running;

  /** @throws Error with what is wrong with the configuration. */
  constructor(module: WebAssembly.Module, env: Bindings) {
    this.#module = module;
    this.#variables = variables(env);
    this.#running = this.#start();
    this.#settings = JSON.parse(this.#running.engine.text) as Settings;
    const kv = env[this.#settings.denylist] as KvNamespace | undefined;
    if (!kv) throw new Error(`QUASH.denylist: there is no KV namespace bound as \`${this.#settings.denylist}\``);
    this.#kv = kv;
    this.#origin = new Origin(this.#settings.origin, env);
  }

  /** Answers a request; `endpoints` answers those that are for Quash itself. */
  async fetch(request: Request, context: Context, endpoints: (request: Request) => Promise<Response>): Promise<Response> {
    const verdict = await this.judge(request, context);
    switch (verdict.kind) {
      case 'endpoint':
        return endpoints(request);
      case 'refused':
        return verdict.response;
      case 'anonymous':
        return this.#forward(request, undefined);
      case 'admitted': {
        const response = await this.#forward(request, verdict);
        if (this.#isStill(verdict.decided)) return response;
        // The user may have logged out while the origin was working: after the logout's answer, no other may follow.
        const again = await this.judge(request, context);
        if (again.kind !== 'refused') return response;
        await response.body?.cancel();
        return again.response;
      }
    }
  }

  /** The verdict on a request. */
  async judge(request: Request, context: Context): Promise<Verdict> {
    try {
      return await this.#judge(request, context);
    } catch (error) {
      const { engine } = this.#running;
      if (error instanceof KeyError) engine.keyFailed(error.number, error.message);
      else engine.platformFailed(message(error));
      return { kind: 'refused', response: this.#refused(engine) };
    }
  }

  /** Takes note of what was revoked here: lines of `KEY ENTRY`. It is refused from now on. */
  record(lines: string): void {
    if (lines === '') return;
    this.#recorded.push(...lines.split('\n').filter((line) => line !== ''));
    this.#recorded = this.#recorded.slice(-MAX_RECORDED);
    this.#guarded(() => this.#running.engine.record(lines));
  }

  async #judge(request: Request, context: Context): Promise<Verdict> {
    const { headers } = request;
    const authorization = headers.get('Authorization') ?? '';
    const cookie = headers.get('Cookie') ?? '';
    const isPreflight = request.method === 'OPTIONS'
      && headers.has('Origin') && headers.has('Access-Control-Request-Method');
    for (;;) {
      const running = this.#running;
      const { engine } = running;
      this.#readInBackground(engine, context);
      let status = this.#guarded(() => engine.begin(request.url, authorization, cookie, isPreflight));
      const place = engine.place;
      while (status === Status.Check || status === Status.LookUp) {
        const { pending } = engine;
        if (status === Status.Check) {
          const valid = await running.signatures.check(engine);
          status = this.#resumed(running, () => engine.checked(pending, valid));
        } else {
          const { lines, outage } = await lookUp(engine.text.split('\n'), this.#kv, this.#settings);
          status = this.#resumed(running, () => engine.lookedUp(pending, lines, outage));
        }
      }
      switch (status) {
        case Status.Endpoint:
          return { kind: 'endpoint' };
        case Status.Anonymous:
          return { kind: 'anonymous' };
        case Status.Admit: {
          const isBearer = place.source === 1;
          const token = (isBearer ? authorization : cookie).slice(place.start, place.start + place.length);
          return { kind: 'admitted', token, isBearer, decided: { by: engine, version: engine.version } };
        }
        case Status.Refuse:
          return { kind: 'refused', response: this.#refused(engine) };
        case Status.Read:
          await read(engine, this.#settings.nearby);
          break;
        case Status.Wait:
          await new Promise((resolve) => setTimeout(resolve, this.#settings.moment));
          break;
      }
    }
  }

  #readInBackground(engine: Engine, context: Context): void {
    if (engine.due() === Status.Read) context.waitUntil(read(engine, this.#settings.nearby));
  }

  async #forward(request: Request, admitted: Admitted | undefined): Promise<Response> {
    try {
      return await this.#origin.forward(request, admitted);
    } catch (error) {
      console.error(`quash: the origin did not answer: ${message(error)}`);
      this.#running.engine.originFailed();
      return this.#refused(this.#running.engine);
    }
  }

  #refused(engine: Engine): Response {
    const { status, headers, body, internal } = JSON.parse(engine.text) as Refusal;
    if (internal !== undefined) console.error(internal);
    return new Response(body, { status, headers });
  }

  #isStill({ by, version }: Decided): boolean {
    return by === this.#running.engine && by.version === version;
  }

  /** Goes on with what an engine has begun; if there is another one by now, with nothing, and it has to begin again. */
  #resumed(running: Running, call: () => number): number {
    return running === this.#running ? this.#guarded(call) : Status.Done;
  }

  /** A trap leaves an engine in no state to go on. It costs the request that it met, and nothing that was revoked. */
  #guarded<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.#running = this.#start();
      throw error;
    }
  }

  #start(): Running {
    const engine = new Engine(this.#module, this.#variables);
    const running = { engine, signatures: new Signatures() };
    if (this.#recorded.length > 0) engine.record(`${this.#recorded.join('\n')}\n`);
    return running;
  }
}

/** The variables and secrets among the bindings; all others are objects of the platform. */
function variables(env: Bindings): string {
  const texts = Object.entries(env).filter(([name, value]) => name === 'QUASH' || typeof value === 'string');
  return JSON.stringify(Object.fromEntries(texts));
}
