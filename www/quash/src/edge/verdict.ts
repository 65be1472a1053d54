import type { Engine } from './engine.js';
import type { Head } from './head.js';

/** A verdict on a request. */
export type Verdict =
  | { readonly kind: 'endpoint'; readonly name: string }
  /** A proxy asks about a request of its own. */
  | { readonly kind: 'verify' }
  | { readonly kind: 'anonymous' }
  /** It may pass, without any credential. */
  | { readonly kind: 'preflight' }
  | Admitted
  | Answered;

/** It may not pass, or asks for what the engine knows itself. */
export interface Answered {
  readonly kind: 'answered';
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
  /** When the request did, in milliseconds since the epoch. */
  readonly arrived: number;
  /** What the verdict rests on, where that is less than the route asks for; otherwise empty. */
  readonly label: string;
  readonly #header: string;
  readonly #start: number;
  readonly #length: number;

  constructor(engine: Engine, { head, place, arrived }: Judged, label: string) {
    const { source, start, length } = place;
    this.isBearer = source === 1;
    this.arrived = arrived;
    this.label = label;
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

  /** The claims as they were signed: base64url. */
  get payload(): string {
    const { token } = this;
    return token.slice(token.indexOf('.') + 1, token.lastIndexOf('.'));
  }
}

/** Which request it is that was judged. */
interface Judged {
  readonly head: Head;
  readonly place: Place;
  readonly arrived: number;
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
  readonly internal?: string;
}

/** The answer that the engine tells of now. What is wrong with us goes to the log. */
export function answered(engine: Engine): Answered {
  const { status, headers, body, internal } = JSON.parse(engine.text) as Answer;
  if (internal !== undefined) console.error(internal);
  return { kind: 'answered', response: new Response(body, { status, headers }) };
}
