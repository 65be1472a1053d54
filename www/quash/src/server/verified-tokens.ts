import type { KeyObject } from 'node:crypto';

import type { JwtHeader, Segments } from './token.js';

/** How many are remembered, of what length at most: 16 MB at worst, and about 3 MB in practice. */
const LIMIT = 2048;
const MAX_LENGTH = 4096;

/** What was read of a token whose signature was right. */
export interface VerifiedToken {
  /** By this key, and by no other. */
  readonly key: KeyObject;
  readonly segments: Segments;
  readonly header: Readonly<JwtHeader>;
  /** The payload as JSON; none before the token has come again. */
  content?: string;
}

/**
 * Tokens that were verified a moment ago, so that their signatures need not be checked again. Whether they say what is asked for, or
 * were revoked, is never remembered.
 *
 * One is found by its whole text, so no two tokens can share an entry.
 */
export class VerifiedTokens {
  readonly #tokens = new Map<string, VerifiedToken>();

  get(token: string): VerifiedToken | undefined {
    return this.#tokens.get(token);
  }

  add(token: string, verified: VerifiedToken): void {
    if (token.length > MAX_LENGTH) return;
    const [oldest] = this.#tokens.size < LIMIT || this.#tokens.has(token) ? [] : this.#tokens.keys();
    if (oldest !== undefined) this.#tokens.delete(oldest);
    // A copy: what was cut out of a header keeps all of that in memory.
    this.#tokens.set(Buffer.from(token).toString(), verified);
  }
}
