/** Reads the ledger, as the engine says: its log, through the data centre's cache, and single entries. */
import type { Found } from './denylist.js';
import { type Engine, Status } from './engine.js';
import { type Context, type DurableObjects, cache, message, within } from './platform.js';
import type { Settings } from './settings.js';

/** When a copy was asked for, in milliseconds since the epoch, by the clock of whoever did. */
const ASKED_AT = 'Quash-Asked-At';

/** How many shards there are and were: the root says so with each answer. */
const COUNTS = 'Quash-Shard-Counts';

/** How long the data centre's cache may take. It answers in a few milliseconds, or the ledger is asked. */
const CACHE_TIMEOUT_MS = 250;

/** A part of the log to read; see `texts.rs`. */
interface Read {
  readonly number: number;
  readonly object: string;
  readonly url: string;
  /** Where the copy is, of each namespace of Durable Objects its own. */
  readonly copy: string;
  /** 1 when none will do. */
  readonly direct: number;
  /** In seconds. */
  readonly keptFor: number;
  /** In milliseconds. */
  readonly timeout: number;
  readonly askedAt: number;
}

/** What to ask a shard. */
interface Question {
  readonly object: string;
  readonly url: string;
  readonly body: string;
}

interface Copy {
  readonly body: Uint8Array;
  readonly askedAt: number;
}

export interface Answers extends Found {
  readonly counts: string;
}

export class Ledger {
  readonly #objects: DurableObjects;
  readonly #timeout: number;
  /** Another ledger's copies must not be taken for this one's. */
  readonly #namespace: string;

  constructor(objects: DurableObjects, { storeTimeout }: Settings) {
    this.#objects = objects;
    this.#timeout = storeTimeout;
    this.#namespace = objects.idFromName('shard-0').toString();
  }

  /** Makes the reads that the engine lists now, and those that they lead to. */
  async follow(engine: Engine, context: Context): Promise<void> {
    const reads = (JSON.parse(engine.text) as Read[]).map((read) => ({ ...read, copy: `${read.copy}/${this.#namespace}` }));
    await Promise.all(reads.map((read) => this.#read(engine, context, read)));
  }

  /** Asks the shards that the engine lists now. */
  async ask(engine: Engine): Promise<Answers> {
    const questions = JSON.parse(engine.text) as Question[];
    try {
      const answers = await within(this.#timeout, Promise.all(questions.map((question) => this.#answer(question))));
      return { lines: answers.map(({ lines }) => lines).join(''), outage: '', counts: answers[0]?.counts ?? '' };
    } catch (error) {
      return { lines: '', outage: `the ledger did not answer: ${message(error)}`, counts: '' };
    }
  }

  async #read(engine: Engine, context: Context, read: Read): Promise<void> {
    let { number } = read;
    const next = (status: number) => (status === Status.Sync ? this.follow(engine, context) : undefined);
    const copy = read.direct ? undefined : await within(CACHE_TIMEOUT_MS, copied(read.copy)).catch(() => undefined);
    if (copy) {
      const status = engine.copied(number, copy.body, copy.askedAt);
      if (status !== Status.NoCopy) return next(status);
      number = engine.pending;
    }
    let body;
    try {
      body = await within(read.timeout, this.#part(read));
    } catch (error) {
      console.warn(`quash: ${read.url}: ${message(error)}`);
      return next(engine.notAnswered(number, message(error)));
    }
    const more = next(engine.answered(number, body));
    context.waitUntil(keep(read, body));
    return more;
  }

  async #part({ object, url }: Read): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.#objects.getByName(object).fetch(url);
    if (!response.ok) throw new Error(`answers ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  async #answer({ object, url, body }: Question): Promise<Pick<Answers, 'lines' | 'counts'>> {
    const response = await this.#objects.getByName(object).fetch(url, { method: 'POST', body });
    if (!response.ok) throw new Error(`${url}: answers ${response.status}`);
    return { lines: await response.text(), counts: response.headers.get(COUNTS) ?? '' };
  }
}

async function copied(copy: string): Promise<Copy | undefined> {
  const response = await cache().match(copy);
  if (!response) return undefined;
  return { body: new Uint8Array(await response.arrayBuffer()), askedAt: Number(response.headers.get(ASKED_AT)) };
}

async function keep({ copy, keptFor, askedAt }: Read, body: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    const headers = { 'Cache-Control': `max-age=${keptFor}`, [ASKED_AT]: String(askedAt) };
    await cache().put(copy, new Response(body, { headers }));
  } catch (error) {
    console.warn(`quash: the ledger was not copied to the data centre's cache: ${message(error)}`);
  }
}
