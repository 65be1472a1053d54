import { later, now } from './clock.js';
import { lookUp } from './denylist.js';
import { read } from './documents.js';
import { DUE, Engine, Status } from './engine.js';
import type { Head } from './head.js';
import { Ledger } from './ledger.js';
import { type Bindings, type Context, type DurableObjects, type KvNamespace, message } from './platform.js';
import type { Settings } from './settings.js';
import { KeyError, Signatures } from './signatures.js';
import { Admitted, type Place, type Answered, type Verdict, answered } from './verdict.js';

/** As many as the engine keeps: what was revoked here, should the engine have to start again. */
const MAX_RECORDED = 10_000;

/** The engine that runs now, with what belongs to it: its numbers mean nothing to another one. */
interface Running {
  readonly engine: Engine;
  readonly signatures: Signatures;
}

/** A request that an engine has begun with. */
interface Judged {
  readonly running: Running;
  readonly head: Head;
  readonly context: Context;
  readonly place: Place;
  /** When it did, in milliseconds since the epoch. */
  readonly arrived: number;
}

const VERIFY = { kind: 'verify' } as const;
const ANONYMOUS = { kind: 'anonymous' } as const;
const PREFLIGHT = { kind: 'preflight' } as const;

/** The engine's host: does what it asks for, and decides nothing. */
export class Judge {
  readonly settings: Settings;
  readonly #module: WebAssembly.Module;
  readonly #variables: string;
  readonly #kv: KvNamespace;
  readonly #ledger: Ledger | undefined;
  #recorded: string[] = [];
  #running: Running;

  /** @throws Error with what is wrong with the configuration. */
  constructor(module: WebAssembly.Module, env: Bindings) {
    this.#module = module;
    this.#variables = variables(env);
    this.#running = this.#start();
    this.settings = JSON.parse(this.#running.engine.text) as Settings;
    const { denylist, ledger, rateLimit } = this.settings;
    const kv = env[denylist] as KvNamespace | undefined;
    if (!kv) throw new Error(`QUASH.denylist: there is no KV namespace bound as \`${denylist}\``);
    this.#kv = kv;
    // The endpoints' own, who are not there yet when the Worker starts.
    if (rateLimit !== '' && !env[rateLimit]) {
      throw new Error(`QUASH.rate_limit.binding: there is no rate limit bound as \`${rateLimit}\``);
    }
    if (ledger === '') return;
    const objects = env[ledger] as DurableObjects | undefined;
    if (!objects) throw new Error(`QUASH.ledger.binding: there are no Durable Objects bound as \`${ledger}\``);
    this.#ledger = new Ledger(objects, this.settings);
  }

  /** The verdict; a promise of it where something has to be asked for it. */
  judge(head: Head, context: Context): Verdict | Promise<Verdict> {
    const arrived = now();
    return this.#begin(head, context, arrived, arrived);
  }

  /** Begins with a request, or begins again, with one that arrived then. */
  #begin(head: Head, context: Context, arrived: number, time = later()): Verdict | Promise<Verdict> {
    const running = this.#running;
    const { engine } = running;
    try {
      const begun = engine.begin(head, arrived, time);
      const place = { source: engine.source, start: engine.tokenStart, length: engine.tokenLength };
      const verdict = this.#settle({ running, head, context, place, arrived }, begun & ~DUE);
      if (begun & DUE) this.#doWhatIsDue(running, context);
      return verdict;
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** Reads what is due while requests go on with what is there. */
  #doWhatIsDue({ engine, signatures }: Running, context: Context): void {
    for (let status = engine.due(); status !== Status.Done; status = engine.due()) {
      const work = status === Status.Sync ? this.#ledger?.follow(engine, context) : read(engine, signatures, this.settings);
      context.waitUntil(Promise.resolve(work).catch((error: unknown) => void this.#failure(error, engine)));
    }
  }

  /** The answer to a request that was let in, and whose token has been revoked here since. */
  confirm(admitted: Admitted): Answered | undefined {
    const { engine } = this.#running;
    if (admitted.decidedBy === engine && admitted.version === engine.version) return undefined;
    try {
      return engine.confirm(admitted.token, admitted.arrived) === Status.Answer ? answered(engine) : undefined;
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** Takes note of what was revoked here: lines of `KEY ENTRY`. It is refused from now on. */
  record(lines: string): void {
    this.#recorded.push(...lines.split('\n').filter((line) => line !== ''));
    this.#recorded = this.#recorded.slice(-MAX_RECORDED);
    try {
      this.#running.engine.record(lines);
    } catch (error) {
      this.#failure(error);
    }
  }

  /** The answer to a request that the platform does not serve. */
  platformFailed(error: unknown): Response {
    return this.#failure(error).response;
  }

  /** The answer to a request whose origin does not answer. */
  originFailed(): Response {
    const { engine } = this.#running;
    engine.originFailed();
    return answered(engine).response;
  }

  #settle(request: Judged, status: number): Verdict | Promise<Verdict> {
    const { engine } = request.running;
    switch (status) {
      case Status.Admit:
        return new Admitted(engine, request, '');
      case Status.AdmitLabelled:
        return new Admitted(engine, request, engine.text);
      case Status.Anonymous:
        return ANONYMOUS;
      case Status.Preflight:
        return PREFLIGHT;
      case Status.Endpoint:
        return { kind: 'endpoint', name: engine.text };
      case Status.Verify:
        return VERIFY;
      case Status.Answer:
        return answered(engine);
      case Status.Check:
        return this.#check(request, engine.pending);
      case Status.LookUp:
        return this.#lookUp(request, engine.pending);
      case Status.Read:
        return this.#again(request, outliving(request.context, read(engine, request.running.signatures, this.settings)));
      case Status.Ask:
        return this.#ask(request, engine.pending);
      case Status.Sync:
        return this.#again(request, outliving(request.context, this.#ledger?.follow(engine, request.context)));
      case Status.Wait: {
        const { pause } = engine;
        return this.#again(request, new Promise((resolve) => setTimeout(resolve, pause)));
      }
      default:
        return this.#begin(request.head, request.context, request.arrived);
    }
  }

  /** Begins again with a request, after something. */
  async #again({ running, head, context, arrived }: Judged, first: Promise<void> | undefined): Promise<Verdict> {
    try {
      await first;
    } catch (error) {
      if (running === this.#running) return this.#failure(error);
    }
    return this.#begin(head, context, arrived);
  }

  #check(request: Judged, pending: number): Promise<Verdict> {
    const { engine, signatures } = request.running;
    const checked = (valid: boolean) => this.#resume(request, () => engine.checked(pending, valid));
    // WebCrypto throws at signatures of impossible lengths, where others answer "no".
    const thrown = (error: unknown) => (error instanceof KeyError ? this.#failure(error) : checked(false));
    return signatures.check(engine).then(checked, thrown);
  }

  async #lookUp(request: Judged, pending: number): Promise<Verdict> {
    const { engine } = request.running;
    const { lines, outage } = await lookUp(engine.text.split('\n'), this.#kv, this.settings);
    return this.#resume(request, () => engine.lookedUp(pending, lines, outage, ''));
  }

  async #ask(request: Judged, pending: number): Promise<Verdict> {
    const { engine } = request.running;
    const answers = await this.#ledger?.ask(engine);
    const { lines, outage, counts } = answers ?? { lines: '', outage: 'there is no ledger', counts: '' };
    return this.#resume(request, () => engine.lookedUp(pending, lines, outage, counts));
  }

  /** Goes on with a request; from the beginning, if another engine has taken over since. */
  #resume(request: Judged, call: () => number): Verdict | Promise<Verdict> {
    if (request.running !== this.#running) return this.#begin(request.head, request.context, request.arrived);
    try {
      const verdict = this.#settle(request, call());
      this.#doWhatIsDue(request.running, request.context);
      return verdict;
    } catch (error) {
      return this.#failure(error);
    }
  }

  /** A trap leaves an engine in no state to go on. It costs the request that it met, and nothing that was revoked. */
  #failure(error: unknown, failed = this.#running.engine): Answered {
    if (error instanceof WebAssembly.RuntimeError && failed === this.#running.engine) this.#running = this.#start();
    const { engine } = this.#running;
    if (error instanceof KeyError) engine.keyFailed(error.number, error.message);
    else engine.platformFailed(message(error));
    return answered(engine);
  }

  #start(): Running {
    const engine = new Engine(this.#module, this.#variables);
    if (this.#recorded.length > 0) engine.record(`${this.#recorded.join('\n')}\n`);
    return { engine, signatures: new Signatures() };
  }
}

/** Work that goes on when its request is cancelled: others wait for what it brings. */
function outliving(context: Context, work: Promise<void> | undefined): Promise<void> | undefined {
  context.waitUntil(Promise.resolve(work).catch(() => {}));
  return work;
}

/** The variables and secrets among the bindings; all others are objects of the platform. */
function variables(env: Bindings): string {
  const texts = Object.entries(env).filter(([name, value]) => name === 'QUASH' || typeof value === 'string');
  return JSON.stringify(Object.fromEntries(texts));
}
