import type { KeyObject } from 'node:crypto';

/** How many are remembered, of what length at most: 8 MB at worst, and about 2 MB in practice. */
const LIMIT = 2048;
const MAX_LENGTH = 4096;

/**
 * Tokens that were verified a moment ago, so that their signatures need not be checked again. Whether they say what is asked for, or
 * were revoked, is never remembered.
 *
 * One is found by its whole text, so no two tokens can share an entry; and it was verified with one key, and with no other.
 */
export class VerifiedTokens {
  readonly #keys = new Map<string, KeyObject>();

  has(token: string, key: KeyObject): boolean {
    return this.#keys.get(token) === key;
  }

  add(token: string, key: KeyObject): void {
    if (token.length > MAX_LENGTH) return;
    const [oldest] = this.#keys.size < LIMIT ? [] : this.#keys.keys();
    if (oldest !== undefined) this.#keys.delete(oldest);
    this.#keys.set(token, key);
  }
}
