import { setTimeout as delay } from 'node:timers/promises';

import { Core, type CoreOptions, Status } from './core.js';
import { DenylistUnavailableError, TokenNotRevocableError, TokenRevokedError } from './denylist-errors.js';
import type { Merge, Row, Store } from './store.js';

/** A denylist as this process knows it: does what its core asks for, and decides nothing. */
export class Denylist {
  readonly #store: Store;
  readonly #options: CoreOptions;
  #core: Core;
  /** What went wrong last, for whoever is told that nobody knows. */
  #problem: unknown;

  /** @throws TypeError with what is wrong with the options. */
  constructor(store: Store, options: CoreOptions) {
    this.#store = store;
    this.#options = options;
    this.#core = new Core(options);
  }

  /**
   * Whether a token that the caller has verified is still good. Where `strict`, the store itself is asked.
   *
   * Comes back at once when nothing has to be read, which is so for nearly all tokens.
   *
   * @throws TokenRevokedError, TokenNotRevocableError or DenylistUnavailableError; rejects with them where it has to read.
   */
  check(token: string, strict: boolean): void | Promise<void> {
    const arrived = Date.now();
    return this.#settle(token, strict, arrived, this.#judge(token, strict, arrived));
  }

  /** Revokes a token that the caller has verified. Resolves when it is in the store; to nothing when the token is dead already. */
  async revoke(token: string): Promise<Row | undefined> {
    return this.#append((core) => core.revocation(token));
  }

  /** Revokes what `wanted.rs` describes. */
  async revokeClaim(wanted: object): Promise<Row | undefined> {
    return this.#append((core) => core.revocationOf(JSON.stringify(wanted)));
  }

  /**
   * Adds the row of a token that the caller has verified to a store of those that were used. Resolves to when the first was added, in milliseconds
   * since the epoch: of two rows, the merged one has the earlier time, so whoever comes later finds it, in whatever order they were written.
   */
  async firstUse(token: string): Promise<number> {
    const row = this.#row((core) => core.revocation(token));
    if (!row) throw new TypeError('a token that is dead cannot be used');
    try {
      await this.#store.append([row], this.#merge);
      const [found] = await this.#store.lookUp([row.key]);
      const first = Number(found?.entry.split(' ')[4] ?? NaN);
      if (Number.isNaN(first)) throw new TypeError(`the store does not have what was just written to it: ${row.key}`);
      return first;
    } catch (error) {
      throw new DenylistUnavailableError(1, error);
    }
  }

  /** @throws TokenNotRevocableError where the names of a token that was just signed cannot be read. */
  checkRevocable(token: string): void {
    this.#row((core) => core.revocation(token));
  }

  async #append(make: (core: Core) => number): Promise<Row | undefined> {
    const row = this.#row(make);
    if (!row) return undefined;
    try {
      await this.#store.append([row], this.#merge);
    } catch (error) {
      throw new DenylistUnavailableError(1, error);
    }
    this.#call((core) => core.record(line(row)));
    return row;
  }

  readonly #merge: Merge = (one, other) => this.#row((core) => core.merge(one.key, one.entry, other.entry))!;

  #row(make: (core: Core) => number): Row | undefined {
    return this.#call((core) => {
      switch (make(core)) {
        case Status.Row: {
          const { text, value } = core;
          const end = text.indexOf(' ');
          return { key: text.slice(0, end), entry: text.slice(end + 1), expiresAt: value };
        }
        case Status.Done:
          return undefined;
        case Status.Refused:
          throw refused(core.text);
        default:
          throw new TypeError(core.text);
      }
    });
  }

  #judge(token: string, strict: boolean, arrived: number): number {
    return this.#call((core) => {
      const status = core.judge(token, strict, arrived);
      if (status === Status.NotRevoked && core.isDue) this.#read(core).catch(() => {});
      return status;
    });
  }

  #settle(token: string, strict: boolean, arrived: number, status: number): void | Promise<void> {
    const core = this.#core;
    switch (status) {
      case Status.NotRevoked:
        return;
      case Status.Revoked:
        throw new TokenRevokedError(core.text, seconds(core.value));
      case Status.Refused:
        throw refused(core.text);
      case Status.Unavailable:
        throw new DenylistUnavailableError(seconds(core.value), this.#problem);
      case Status.Sync:
        return this.#again(token, strict, arrived, this.#read(core));
      case Status.Wait:
        return this.#again(token, strict, arrived, delay(core.value));
      default:
        return this.#lookUp(token, strict, arrived, core.text.split('\n'));
    }
  }

  async #again(token: string, strict: boolean, arrived: number, first: Promise<void>): Promise<void> {
    await first;
    return this.#settle(token, strict, arrived, this.#judge(token, strict, arrived));
  }

  async #lookUp(token: string, strict: boolean, arrived: number, keys: readonly string[]): Promise<void> {
    let lines: string | undefined;
    try {
      lines = (await this.#store.lookUp(keys)).map(line).join('');
    } catch (error) {
      this.#problem = error;
    }
    return this.#settle(token, strict, arrived, this.#call((core) => core.found(token, lines)));
  }

  /** Makes the reads that a core asks for now, and those that they lead to. */
  async #read(core: Core): Promise<void> {
    while (core === this.#core && this.#call(() => core.nextRead()) === Status.Read) {
      const { number, value } = core;
      const part = await this.#store.log!.read(value < 0 ? 'head' : value).catch((error: unknown) => {
        this.#problem = error;
        return undefined;
      });
      // Another one has taken its place meanwhile, and reads by itself.
      if (core !== this.#core) return;
      if (part) this.#call(() => core.answered(number, part, part.rows.map(line).join('')));
      else this.#call(() => core.failed(number));
    }
  }

  /** A trap leaves a core in no state to go on. It costs whoever met it; the next core reads the store anew. */
  #call<T>(call: (core: Core) => T): T {
    try {
      return call(this.#core);
    } catch (error) {
      if (!(error instanceof WebAssembly.RuntimeError)) throw error;
      this.#core = new Core(this.#options);
      throw new DenylistUnavailableError(1, error);
    }
  }
}

function line({ key, entry }: Row): string {
  return `${key} ${entry}\n`;
}

function refused(text: string): TokenNotRevocableError {
  const end = text.indexOf(' ');
  return new TokenNotRevocableError(text.slice(0, end), text.slice(end + 1));
}

function seconds(millis: number): number {
  return Math.ceil(millis / 1000);
}
