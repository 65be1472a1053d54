/** The engine as JavaScript sees it: texts go in, a status and texts come out. Nothing is decided here. */

/** What to do next; see `host.rs`. */
export const Status = {
  Endpoint: 0,
  Anonymous: 1,
  Admit: 2,
  Refuse: 3,
  Check: 4,
  LookUp: 5,
  Read: 6,
  Wait: 7,
  Done: 8,
} as const;

interface Exports {
  readonly memory: WebAssembly.Memory;
  input(length: number): number;
  registers(): number;
  configure(variables: number): number;
  begin(url: number, authorization: number, cookie: number, isPreflight: boolean, now: number): number;
  checked(pending: number, valid: boolean, now: number): number;
  looked_up(pending: number, found: number, outage: number, now: number): number;
  due(now: number): number;
  fetched(pending: number, body: number, cacheControl: number, age: number, now: number): number;
  not_fetched(pending: number, problem: number, now: number): number;
  key(number: number): number;
  record(lines: number, now: number): void;
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
} as const;
const REGISTERS = 12;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A credential's place: which header it is in, and where. */
export interface Place {
  /** 1 for `Authorization`, 2 for `Cookie`. */
  readonly source: number;
  readonly start: number;
  readonly length: number;
}

export class Engine {
  readonly #exports: Exports;
  readonly #registersAt: number;
  /** Views of the module's memory: they are cut off when it grows. This one is where texts are written to. */
  #input = new Uint8Array();
  #registers = new Uint32Array();

  /**
   * @param variables The variables of the Worker, as a JSON object.
   * @throws Error with what is wrong with the configuration.
   */
  constructor(module: WebAssembly.Module, variables: string) {
    this.#exports = new WebAssembly.Instance(module).exports as unknown as Exports;
    this.#registersAt = this.#exports.registers();
    if (this.#exports.configure(this.#write(variables)) === Status.Refuse) throw new Error(this.text);
  }

  begin(url: string, authorization: string, cookie: string, isPreflight: boolean): number {
    const all = url + authorization + cookie;
    // Every letter of them is one byte, as good as always.
    if (this.#write(all) === all.length) {
      return this.#exports.begin(url.length, authorization.length, cookie.length, isPreflight, Date.now());
    }
    const [first, second, third] = [url, authorization, cookie].map((text) => encoder.encode(text).length);
    return this.#exports.begin(first!, second!, third!, isPreflight, Date.now());
  }

  checked(pending: number, valid: boolean): number {
    return this.#exports.checked(pending, valid, Date.now());
  }

  /** @param found Lines of `KEY ENTRY`. @param outage Why there may be others; empty when there are none. */
  lookedUp(pending: number, found: string, outage: string): number {
    const length = this.#write(found + outage);
    const outageLength = encoder.encode(outage).length;
    return this.#exports.looked_up(pending, length - outageLength, outageLength, Date.now());
  }

  /** `Read` when there is a document to read in the background. */
  due(): number {
    return this.#exports.due(Date.now());
  }

  fetched(pending: number, body: Uint8Array, cacheControl: string, ageMs: number): number {
    this.#reserve(body.length + 3 * cacheControl.length).set(body);
    const { written } = encoder.encodeInto(cacheControl, this.#input.subarray(body.length));
    return this.#exports.fetched(pending, body.length, written, ageMs, Date.now());
  }

  notFetched(pending: number, problem: string): number {
    return this.#exports.not_fetched(pending, this.#write(problem), Date.now());
  }

  /** Whether there is such a key; the text tells about it then. */
  hasKey(number: number): boolean {
    return this.#exports.key(number) === Status.Read;
  }

  /** Takes note of what was revoked: lines of `KEY ENTRY`. */
  record(lines: string): void {
    this.#exports.record(this.#write(lines), Date.now());
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

  /** How many seconds the data centre's cache may keep the document that was just told. */
  get lifetime(): number {
    return this.#register(Register.Lifetime);
  }

  get place(): Place {
    return {
      source: this.#register(Register.Source),
      start: this.#register(Register.TokenStart),
      length: this.#register(Register.TokenLength),
    };
  }

  /** Writes a text to where the next call reads it, and tells its length in bytes. */
  #write(text: string): number {
    return encoder.encodeInto(text, this.#reserve(3 * text.length)).written;
  }

  /** Room for texts, empty or not. */
  #reserve(length: number): Uint8Array<ArrayBuffer> {
    if (length > this.#input.length) {
      const at = this.#exports.input(length);
      this.#input = new Uint8Array(this.#exports.memory.buffer as ArrayBuffer, at, length);
    } else if (this.#input.buffer !== this.#exports.memory.buffer) {
      this.#input = new Uint8Array(this.#exports.memory.buffer as ArrayBuffer, this.#input.byteOffset, this.#input.length);
    }
    return this.#input as Uint8Array<ArrayBuffer>;
  }

  #bytes(register: number): Uint8Array<ArrayBuffer> {
    const buffer = this.#exports.memory.buffer as ArrayBuffer;
    return new Uint8Array(buffer, this.#register(register), this.#register(register + 1));
  }

  #register(index: number): number {
    const { buffer } = this.#exports.memory;
    if (this.#registers.buffer !== buffer) {
      this.#registers = new Uint32Array(buffer as ArrayBuffer, this.#registersAt, REGISTERS);
    }
    return this.#registers[index]!;
  }
}
