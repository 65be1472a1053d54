import type { Engine } from './engine.ts';
import type { Head } from './head.ts';

/** A verdict on a request. */
export type Verdict =
  | { readonly kind: 'endpoint' }
  | { readonly kind: 'anonymous' }
  /** It may pass, without any credential. */
  | { readonly kind: 'preflight' }
  | Admitted
  /** The engine has answered it itself. */
  | Answered
  | Refused;

export interface Answered {
  readonly kind: 'answered';
  readonly response: Response;
}

export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
  readonly response: Response;
}

const ASCII = /^[\x00-\x7f]*$/;

/** It may pass, with a token. */
export class Admitted {
  readonly kind = 'admitted';
  /** Whether the token came in `Authorization`. */
  readonly isBearer: boolean;
  /** By what it was decided: as long as that is so, nothing has been revoked here, and no key has gone. */
  readonly decidedBy: Engine;
  readonly version: number;
  /** What the verdict rests on, where that is less than the route asks for; otherwise empty. */
  readonly source: string;
  readonly #header: string;
  readonly #start: number;
  readonly #length: number;

  constructor(engine: Engine, head: Head, { source, start, length }: Place, label: string) {
    this.isBearer = source === 1;
    this.source = label;
    this.decidedBy = engine;
    this.version = engine.version;
    this.#header = this.isBearer ? head.authorization : head.cookie;
    this.#start = start;
    this.#length = length;
  }

  get token(): string {
    const [start, end] = [this.#start, this.#start + this.#length];
    // The place is told in bytes. A token has no letter that takes two, but other cookies may.
    if (ASCII.test(this.#header.slice(0, start))) return this.#header.slice(start, end);
    return new TextDecoder().decode(new TextEncoder().encode(this.#header).subarray(start, end));
  }
}

/** Where a token is: 1 for `Authorization`, 2 for `Cookie`, and there from which byte on. */
export interface Place {
  readonly source: number;
  readonly start: number;
  readonly length: number;
}

/** See `texts.rs`. */
interface Answer {
  readonly status: number;
  readonly headers: [string, string][];
  readonly body: string;
}

interface Refusal extends Answer {
  readonly code: string;
  readonly internal?: string;
}

/** The answer that the engine tells of now. */
export function answered(engine: Engine): Answered {
  return { kind: 'answered', response: response(JSON.parse(engine.text) as Answer) };
}

/** The refusal that the engine tells of now. What is wrong with us goes to the log. */
export function refused(engine: Engine): Refused {
  const refusal = JSON.parse(engine.text) as Refusal;
  const { code, internal } = refusal;
  if (internal !== undefined) console.error(internal);
  return { kind: 'refused', code, response: response(refusal) };
}

function response({ status, headers, body }: Answer): Response {
  return new Response(body, { status, headers });
}
