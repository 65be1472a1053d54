/** The engine as JavaScript sees it: texts go in, a status and texts come out. Nothing is decided here. */

import { later } from './clock.js';
import type { Head } from './head.js';

/** What to do next; see `host.rs`. */
export const Status = {
  Endpoint: 0,
  Anonymous: 1,
  Preflight: 2,
  Admit: 3,
  Answer: 4,
  Check: 5,
  LookUp: 6,
  Read: 7,
  Wait: 8,
  Done: 9,
  Ask: 10,
  Sync: 11,
  NoCopy: 12,
  AdmitLabelled: 13,
  Verify: 14,
  Inflate: 15,
} as const;

/** What `begin` adds to its status when there may be something to do while requests go on. */
export const DUE = 0x100;

/** See `exports.rs`. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  input(length: number): number;
  registers(): number;
  configure(variables: number, seed: number): number;
  begin(
    url: number,
    authorization: number,
    cookie: number,
    isPreflight: boolean,
    asked: number,
    arrived: number,
    now: number,
  ): number;
  checked(pending: number, valid: boolean, now: number): number;
  looked_up(pending: number, found: number, outage: number, counts: number, now: number): number;
  due(now: number): number;
  copied(number: number, copy: number, copiedAt: number, now: number): number;
  answered(number: number, answer: number, now: number): number;
  not_answered(number: number, problem: number, now: number): number;
  fetched(pending: number, body: number, cacheControl: number, age: number, kept: number, now: number): number;
  list_checked(pending: number, valid: boolean, now: number): number;
  inflated(pending: number, bytes: number, now: number): number;
  not_fetched(pending: number, problem: number, now: number): number;
  key(number: number): number;
  record(lines: number, now: number): void;
  confirm(token: number, arrived: number, now: number): number;
  origin_failed(): number;
  platform_failed(problem: number): number;
  key_failed(number: number, problem: number): number;
  version(): number;
}

/** The words of `registers.rs`, by their index. */
const Register = {
  Text: 0,
  SigningInput: 2,
  Signature: 4,
  Pending: 6,
  Key: 7,
  Source: 8,
  TokenStart: 9,
  TokenLength: 10,
  Lifetime: 11,
  Pause: 12,
} as const;
const REGISTERS = 13;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Engine {
  readonly #exports: Exports;
  readonly #registersAt: number;
  /** Views of the module's memory. When that grows, they have no length any more. This one is where texts are written to. */
  #input = new Uint8Array();
  #capacity = 0;
  #registers = new Uint32Array();

  /**
   * @param variables The variables of the Worker, as a JSON object.
   * @throws Error with what is wrong with the configuration.
   */
  constructor(module: WebAssembly.Module, variables: string) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.#registersAt = this.#exports.registers();
    if (this.#exports.configure(this.#write(variables), Math.random()) === Status.Answer) throw new Error(this.text);
  }

  /** Begins with a request. A header that is not there is empty. The status may have {@link DUE} besides. */
  begin({ url, authorization, cookie, isPreflight, asked = 0 }: Head, arrived: number, now: number): number {
    let { length: urlLength } = url;
    let { length: authorizationLength } = authorization;
    let { length: cookieLength } = cookie;
    // One call instead of three. Where there are as many bytes as letters, each letter takes one.
    if (this.#write(url + authorization + cookie) !== urlLength + authorizationLength + cookieLength) {
      urlLength = this.#write(url);
      authorizationLength = this.#write(authorization, urlLength);
      cookieLength = this.#write(cookie, urlLength + authorizationLength);
    }
    return this.#exports.begin(urlLength, authorizationLength, cookieLength, isPreflight, asked, arrived, now);
  }

  checked(pending: number, valid: boolean): number {
    return this.#exports.checked(pending, valid, later());
  }

  /**
   * @param found Lines of `KEY ENTRY`. @param outage Why there may be others; empty when there are none. @param counts How many
   * shards the ledger has, in its root's words.
   */
  lookedUp(pending: number, found: string, outage: string, counts: string): number {
    const foundLength = this.#write(found);
    const outageLength = this.#write(outage, foundLength);
    const countsLength = this.#write(counts, foundLength + outageLength);
    return this.#exports.looked_up(pending, foundLength, outageLength, countsLength, later());
  }

  /** Asks for what to do while requests go on: `Read` or `Sync`, if there is something. */
  due(): number {
    return this.#exports.due(later());
  }

  /** @param askedAt When the copy of a part of the ledger was asked for. */
  copied(number: number, copy: Uint8Array, askedAt: number): number {
    this.#reserve(copy.length).set(copy);
    return this.#exports.copied(number, copy.length, askedAt, later());
  }

  /** The ledger's own answer. */
  answered(number: number, answer: Uint8Array): number {
    this.#reserve(answer.length).set(answer);
    return this.#exports.answered(number, answer.length, later());
  }

  notAnswered(number: number, problem: string): number {
    return this.#exports.not_answered(number, this.#write(problem), later());
  }

  /** @param ageMs How old the document was when it was read. @param keptMs How long ago that was. */
  fetched(pending: number, body: Uint8Array, cacheControl: string, ageMs: number, keptMs: number): number {
    this.#reserve(body.length).set(body);
    const cacheControlLength = this.#write(cacheControl, body.length);
    return this.#exports.fetched(pending, body.length, cacheControlLength, ageMs, keptMs, later());
  }

  /** Whether the signature of a document is right. */
  listChecked(pending: number, valid: boolean): number {
    return this.#exports.list_checked(pending, valid, later());
  }

  inflated(pending: number, bytes: Uint8Array): number {
    this.#reserve(bytes.length).set(bytes);
    return this.#exports.inflated(pending, bytes.length, later());
  }

  /** A document could not be read, or not inflated. */
  notFetched(pending: number, problem: string): number {
    return this.#exports.not_fetched(pending, this.#write(problem), later());
  }

  /** Whether there is such a key; the text tells about it then. */
  hasKey(number: number): boolean {
    return this.#exports.key(number) === Status.Read;
  }

  /** Takes note of what was revoked: lines of `KEY ENTRY`. */
  record(lines: string): void {
    this.#exports.record(this.#write(lines), later());
  }

  /** Asks after a request that was let in and arrived then: makes the answer, should its token have been revoked here since. */
  confirm(token: string, arrived: number): number {
    return this.#exports.confirm(this.#write(token), arrived, later());
  }

  /** Makes the answer to a request whose origin does not answer. */
  originFailed(): number {
    return this.#exports.origin_failed();
  }

  /** Makes the answer to a request that the platform does not serve. */
  platformFailed(problem: string): number {
    return this.#exports.platform_failed(this.#write(problem));
  }

  /** Makes the answer to a request whose signature cannot be checked with this key. */
  keyFailed(number: number, problem: string): number {
    return this.#exports.key_failed(number, this.#write(problem));
  }

  /** What was decided under another version might be decided otherwise now. */
  get version(): number {
    return this.#exports.version();
  }

  /** How many bytes of memory it takes. */
  get memory(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  get text(): string {
    return decoder.decode(this.#bytes(Register.Text));
  }

  get signingInput(): Uint8Array<ArrayBuffer> {
    return this.#bytes(Register.SigningInput);
  }

  get signature(): Uint8Array<ArrayBuffer> {
    return this.#bytes(Register.Signature);
  }

  get pending(): number {
    return this.#register(Register.Pending);
  }

  get key(): number {
    return this.#register(Register.Key);
  }

  /** Which header the token is in: 1 for `Authorization`, 2 for `Cookie`. */
  get source(): number {
    return this.#register(Register.Source);
  }

  /** Where it starts there, in bytes. */
  get tokenStart(): number {
    return this.#register(Register.TokenStart);
  }

  /** In bytes. */
  get tokenLength(): number {
    return this.#register(Register.TokenLength);
  }

  /** How many seconds the data centre's cache may keep the document that was just told. */
  get lifetime(): number {
    return this.#register(Register.Lifetime);
  }

  /** After how many milliseconds to begin again. */
  get pause(): number {
    return this.#register(Register.Pause);
  }

  /** Writes a text to where the next call reads it, behind others of `at` bytes, and tells its length in bytes. */
  #write(text: string, at = 0): number {
    if (text === '') return 0;
    const input = this.#reserve(at + 3 * text.length);
    return encoder.encodeInto(text, at === 0 ? input : input.subarray(at)).written;
  }

  /** Room for texts. What has been written there stays. */
  #reserve(length: number): Uint8Array {
    if (length > this.#input.length || this.#input.buffer.detached) {
      this.#capacity = Math.max(length, this.#capacity);
      const at = this.#exports.input(this.#capacity);
      this.#input = new Uint8Array(this.#exports.memory.buffer as ArrayBuffer, at, this.#capacity);
    }
    return this.#input;
  }

  #bytes(register: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#exports.memory.buffer as ArrayBuffer;
    return new Uint8Array(buffer, this.#register(register), this.#register(register + 1));
  }

  #register(index: number): number {
    if (this.#registers.length === 0) {
      this.#registers = new Uint32Array(this.#exports.memory.buffer as ArrayBuffer, this.#registersAt, REGISTERS);
    }
    return this.#registers[index]!;
  }
}
