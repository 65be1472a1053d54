import { readFileSync } from 'node:fs';

import type { LogPart } from './store.js';

/** What to do next; see `host.rs`. */
export const Status = {
  Done: 0,
  NotRevoked: 1,
  Revoked: 2,
  Refused: 3,
  Sync: 4,
  Wait: 5,
  LookUp: 6,
  Unavailable: 7,
  Read: 8,
  Row: 9,
  Problem: 10,
} as const;

/** See `options.rs`; times are in milliseconds. */
export interface CoreOptions {
  readonly peppers: readonly string[];
  readonly maxLifetime: number;
  readonly leeway: number;
  readonly revocableClaims: readonly string[];
  readonly maxStaleness?: number;
  readonly lastKnownGood?: number;
  readonly dangerOpen?: boolean;
}

/** See `exports.rs`. */
interface Exports {
  readonly memory: WebAssembly.Memory;
  input(length: number): number;
  text(): number;
  text_length(): number;
  value(): number;
  number(): number;
  configure(options: number): number;
  judge(token: number, isStrict: boolean, arrived: number, now: number): number;
  found(token: number, lines: number, now: number): number;
  not_found(token: number, now: number): number;
  is_due(): number;
  next_read(now: number): number;
  answered(number: number, epoch: number, lines: number, from: number, to: number, head: number, now: number): void;
  failed(number: number, now: number): void;
  record(lines: number, now: number): void;
  revocation(token: number, now: number): number;
  revocation_of(wanted: number, now: number): number;
  merge(key: number, one: number, other: number): number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

let module: WebAssembly.Module | undefined;

/** `crates/server` as JavaScript sees it: texts go in, a status and a text come out. Nothing is decided here. */
export class Core {
  readonly #exports: Exports;
  #input = new Uint8Array();

  /** @throws TypeError with what is wrong with the options. */
  constructor(options: CoreOptions) {
    module ??= new WebAssembly.Module(readFileSync(new URL('../../wasm-server/quash_server.wasm', import.meta.url)));
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    const seed = Math.floor(Math.random() * Number.MAX_SAFE_INTEGER);
    const status = this.#exports.configure(this.#write(JSON.stringify({ ...options, seed })));
    if (status !== Status.Done) throw new TypeError(this.text);
  }

  /** @param arrived When somebody asked about the token, also when this begins again. */
  judge(token: string, isStrict: boolean, arrived: number): number {
    return this.#exports.judge(this.#write(token), isStrict, arrived, Date.now());
  }

  /** @param lines `KEY ENTRY` on each line; undefined where the store has not answered. */
  found(token: string, lines: string | undefined): number {
    const length = this.#write(token);
    if (lines === undefined) return this.#exports.not_found(length, Date.now());
    return this.#exports.found(length, this.#write(lines, length), Date.now());
  }

  /** Whether there is something to read while nobody waits for it. */
  get isDue(): boolean {
    return this.#exports.is_due() !== 0;
  }

  nextRead(): number {
    return this.#exports.next_read(Date.now());
  }

  answered(number: number, { epoch, from, to, head }: Omit<LogPart, 'rows'>, lines: string): void {
    const length = this.#write(epoch);
    this.#exports.answered(number, length, this.#write(lines, length), from, to, head, Date.now());
  }

  failed(number: number): void {
    this.#exports.failed(number, Date.now());
  }

  record(lines: string): void {
    this.#exports.record(this.#write(lines), Date.now());
  }

  revocation(token: string): number {
    return this.#exports.revocation(this.#write(token), Date.now());
  }

  revocationOf(wanted: string): number {
    return this.#exports.revocation_of(this.#write(wanted), Date.now());
  }

  merge(key: string, one: string, other: string): number {
    const keyLength = this.#write(key);
    const oneLength = this.#write(one, keyLength);
    return this.#exports.merge(keyLength, oneLength, this.#write(other, keyLength + oneLength));
  }

  /** What the last call left. */
  get text(): string {
    const { memory, text, text_length } = this.#exports;
    return decoder.decode(new Uint8Array(memory.buffer, text(), text_length()));
  }

  get value(): number {
    return this.#exports.value();
  }

  get number(): number {
    return this.#exports.number();
  }

  /** Writes a text to where the next call reads it, behind others of `at` bytes, and tells its length in bytes. */
  #write(text: string, at = 0): number {
    const length = at + 3 * text.length;
    if (length > this.#input.length || this.#input.buffer.byteLength === 0) {
      const room = Math.max(length, this.#input.length, 1024);
      // First, since it may make the memory grow.
      const start = this.#exports.input(room);
      this.#input = new Uint8Array(this.#exports.memory.buffer, start, room);
    }
    return encoder.encodeInto(text, at === 0 ? this.#input : this.#input.subarray(at)).written;
  }
}
