import { createHmac } from 'node:crypto';

import type { CoreOptions } from './core.js';
import { Denylist } from './denylist.js';
import { JsonWebTokenError } from './errors.js';
import type { RefreshOptions } from './jwt-options.js';
import { addTimeSpan } from './time-span.js';
import type { JwtHeader, JwtPayload } from './token.js';

/** `typ` of a refresh token, as at the edge: no other kind has it, so that neither is taken for the other. */
export const REFRESH_TOKEN_TYPE = 'rt+jwt';

/** Seconds. No less, or nobody could tell a first use from a second; no more, or a use would be forgotten before its token is dead. */
const [GRACE, MIN_GRACE, MAX_GRACE] = [10, 1, 60];

/** What a refresh token was taken for. */
export interface Rotation {
  /** What it says: sign the next tokens with the same `sub` and `sid`. */
  readonly payload: JwtPayload & { readonly sid: string };
  /**
   * The `jti` of the refresh token that takes its place: the same, whichever tab asks. So tabs that refresh at once go on with one token, and a
   * thief who was as quick as its owner holds what the owner holds: whichever of them uses that too late gives both away.
   */
  readonly jwtid: string;
}

/** A refresh token was used a second time, and not just now. Whoever has the next one is logged out: its session is destroyed. */
export class RefreshTokenReusedError extends JsonWebTokenError {
  override name = 'RefreshTokenReusedError';
  readonly code = 'refresh_token_reused';

  constructor() {
    super('jwt was used before');
  }
}

/** Which refresh tokens were used, and when for the first time. */
export class Uses {
  /** One for each pepper: a use from before one was changed is known by the old one. */
  readonly #denylists: readonly Denylist[];
  readonly #pepper: string;
  readonly #grace: number;

  /** @throws TypeError with what is wrong with the options. */
  constructor({ uses, grace = GRACE }: RefreshOptions, core: CoreOptions) {
    if (uses?.consistency !== 'strong') {
      throw new TypeError('"refresh.uses" must be a store that knows at once what was written, as quash/redis does: of Workers KV, two readers could both be first');
    }
    const seconds = addTimeSpan(0, grace);
    if (seconds === undefined || !(seconds >= MIN_GRACE && seconds <= MAX_GRACE)) {
      throw new TypeError(`"refresh.grace" should be between ${MIN_GRACE} and ${MAX_GRACE} seconds`);
    }
    this.#denylists = core.peppers.map((pepper) => new Denylist(uses, { ...core, peppers: [pepper] }));
    this.#pepper = core.peppers[0]!;
    this.#grace = seconds * 1000;
  }

  /** Takes note that a token is used. Whether that is so for the first time, or within the grace of it. */
  async mayBeUsed(token: string): Promise<boolean> {
    const now = Date.now();
    const first = await Promise.all(this.#denylists.map((denylist) => denylist.firstUse(token)));
    return now - Math.min(...first) < this.#grace;
  }

  /** The `jti` of the token that takes its place. */
  successor({ iss = '', jti }: JwtPayload): string {
    const mac = createHmac('sha256', this.#pepper).update(`quash/successor/v1\0${JSON.stringify([iss, jti])}`);
    return mac.digest('hex').slice(0, 32);
  }
}

/** RFC 7515 section 4.1.9: letters of either case, and `application/` may be left out. */
export function isRefreshToken({ typ }: JwtHeader): boolean {
  return typeof typ === 'string' && typ.toLowerCase().replace(/^application\//, '') === REFRESH_TOKEN_TYPE;
}
