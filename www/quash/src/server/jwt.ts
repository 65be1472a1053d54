import { randomUUID } from 'node:crypto';

import { decode } from './decode.js';
import { Denylist } from './denylist.js';
import { JsonWebTokenError } from './errors.js';
import { coreOptions, type JwtOptions } from './jwt-options.js';
import type { PrivateKey, Secret } from './key.js';
import { isRefreshToken, RefreshTokenReusedError, type Rotation, Uses } from './refresh.js';
import type { SignOptions } from './sign-options.js';
import { sign } from './sign.js';
import { describe, type Target } from './target.js';
import { type Jwt, type JwtPayload, readHeader, splitToken } from './token.js';
import { type Key, verified } from './verified.js';
import { VerifiedTokens } from './verified-tokens.js';
import type { VerifyOptions } from './verify-options.js';

/** What can be asked of a verification that knows of revocations. When a token lives is never ignored: its revocation ends with it. */
export interface JwtVerifyOptions extends Omit<VerifyOptions, 'ignoreExpiration' | 'ignoreNotBefore'> {
  /** Ask the store itself, and not what was read of it within `maxStaleness`. */
  readonly strict?: boolean | undefined;
}

/** What a revocation came to. */
export interface Receipt {
  /** False where nothing was left to revoke: the token is dead already. */
  readonly revoked: boolean;
  /** From when on no other process accepts it, in milliseconds since the epoch; none where there is no bound. */
  readonly effectiveBy?: number;
}

/**
 * Tokens that can be destroyed: `sign` and `verify` as they are without a denylist, and what was destroyed is refused.
 *
 * ```ts
 * const jwt = createJwt({ store: redis(client), pepper: process.env.QUASH_PEPPER, maxLifetime: '1h' });
 * const token = jwt.sign({ sub: 'ada' }, secret, { expiresIn: '15m' });
 * await jwt.verify(token, secret);
 * await jwt.destroy(token, secret); // this one
 * await jwt.destroy({ sub: 'ada' }); // every one of Ada's until now
 * ```
 *
 * @throws TypeError with what is wrong with the options.
 */
export function createJwt(options: JwtOptions): JwtService {
  return new JwtService(options);
}

/** See {@link createJwt}. */
export class JwtService {
  readonly #denylist: Denylist;
  readonly #verified = new VerifiedTokens();
  readonly #uses: Uses | undefined;
  readonly #maxLifetime: number;
  readonly #leeway: number;
  /** The last header that was no refresh token's, as it is spelled: those of one issuer's tokens are the same. */
  #header = '';
  /** After how many milliseconds all others refuse what was destroyed; none where nobody can say. */
  readonly #bound: number | undefined;

  constructor(options: JwtOptions) {
    const core = coreOptions(options);
    this.#denylist = new Denylist(options.store, core);
    if (options.refresh?.uses === options.store) throw new TypeError('"refresh.uses" must be another store than "store": a use is no revocation');
    this.#uses = options.refresh && new Uses(options.refresh, core);
    this.#maxLifetime = core.maxLifetime;
    this.#leeway = core.leeway;
    const { maxStaleness, lastKnownGood = 0, dangerOpen } = core;
    this.#bound = dangerOpen || maxStaleness === undefined ? undefined : Math.max(maxStaleness, lastKnownGood);
  }

  /**
   * A token that can be destroyed. It gets a `jti`, if it has none: without one, two of the same second that say the same would be
   * one token, and whoever logs in right after a logout would be logged out.
   *
   * @throws Error as `sign` does; and where the token would have no `exp`, no `iat`, or would live longer than `maxLifetime`;
   * TokenNotRevocableError where a claim that names something is no string, or the token is longer than 8 KiB.
   */
  sign(payload: object, key: Secret | PrivateKey, options: SignOptions = {}): string {
    const isNamed = options.jwtid !== undefined || (payload as JwtPayload).jti !== undefined;
    const token = sign(payload, key, isNamed ? options : { ...options, jwtid: randomUUID() });
    this.#denylist.checkRevocable(token);
    const { iat, exp } = decode(token, { json: true })!;
    if (typeof exp !== 'number') throw new Error('"expiresIn" is needed: what never expires cannot be destroyed for ever');
    if (typeof iat !== 'number') throw new Error('"iat" is needed');
    if ((exp - iat) * 1000 > this.#maxLifetime) throw new Error(`the token would live longer than ${this.#maxLifetime / 1000} s`);
    return token;
  }

  /**
   * The payload of a token, once it is sure that the holder of the key has signed it, that it is what `options` ask for, and that
   * it was not destroyed. A refresh token is never accepted: see `rotate`.
   *
   * Rejects with JsonWebTokenError and its kinds, TokenRevokedError and TokenNotRevocableError among them; and with
   * DenylistUnavailableError where nobody knows.
   */
  async verify(token: string, key: Key, options: JwtVerifyOptions & { complete: true }): Promise<Jwt>;
  async verify(token: string, key: Key, options?: JwtVerifyOptions & { complete?: false }): Promise<JwtPayload>;
  async verify(token: string, key: Key, options: JwtVerifyOptions = {}): Promise<Jwt | JwtPayload> {
    const decoded = await this.#accept(token, key, options);
    if (this.#isRefreshToken(token)) throw new JsonWebTokenError('jwt is a refresh token');
    return decoded as JwtPayload;
  }

  /**
   * Takes a refresh token for its next pair, once: rejects with RefreshTokenReusedError where it was used before, and longer ago than the grace, after its
   * session (`iss` and `sid`) was destroyed with all that was issued in it. Otherwise rejects as `verify` does. The store is always asked.
   *
   * A refresh token is one that is signed with `header: { typ: 'rt+jwt' }`, a `sid` and a `jti`. Sign the next one with the `jwtid` that this resolves
   * to. Where nobody hears that answer, it may be asked for again within the grace.
   */
  async rotate(token: string, key: Key, options: Omit<JwtVerifyOptions, 'complete' | 'strict'> = {}): Promise<Rotation> {
    const uses = this.#uses;
    if (!uses) throw new TypeError('"refresh" is needed in the options of `createJwt`: somebody has to know which tokens were used');
    const payload = (await this.#accept(token, key, { ...options, strict: true })) as JwtPayload;
    if (!this.#isRefreshToken(token)) throw new JsonWebTokenError('jwt is no refresh token');
    const { iss, sid, jti } = payload;
    // One that is bound to a key is good only with a proof, and nobody here asks for one (RFC 9449 section 5).
    if (payload['cnf'] !== undefined) throw new JsonWebTokenError('jwt is bound to a key');
    if (typeof sid !== 'string' || typeof jti !== 'string') throw new JsonWebTokenError('jwt has no "sid" or no "jti"');
    if (await uses.mayBeUsed(token)) return { payload: { ...payload, sid }, jwtid: uses.successor(payload) };
    await this.destroy({ ...(iss !== undefined && { iss }), sid, reason: 'reuse' });
    throw new RefreshTokenReusedError();
  }

  async #accept(token: string, key: Key, options: JwtVerifyOptions): Promise<unknown> {
    if ((options.clockTolerance ?? 0) * 1000 > this.#leeway) {
      throw new TypeError('"clockTolerance" must not be more than the leeway: revocations are kept no longer');
    }
    const decoded = await this.#verify(token, key, { ...options, ignoreExpiration: false, ignoreNotBefore: false });
    await this.#denylist.check(token, options.strict === true);
    return decoded;
  }

  /** Of a token that was verified. */
  #isRefreshToken(token: string): boolean {
    const header = token.slice(0, token.indexOf('.'));
    if (header === this.#header) return false;
    const is = isRefreshToken(readHeader(splitToken(token)!)!);
    if (!is) this.#header = header;
    return is;
  }

  /**
   * Destroys a token, whose key is needed for that: nobody may destroy what is another's by writing down its `jti`. Or what is
   * described: all tokens with a `jti`, of a session, of a subject, …
   *
   * Resolves when it is in the store. Rejects with JsonWebTokenError where the token's signature is wrong, and with
   * DenylistUnavailableError where it may not be in the store; then it may be tried again.
   */
  async destroy(token: string, key: Key, options?: Pick<VerifyOptions, 'algorithms'>): Promise<Receipt>;
  async destroy(target: Target): Promise<Receipt>;
  async destroy(what: string | Target, key?: Key, options: Pick<VerifyOptions, 'algorithms'> = {}): Promise<Receipt> {
    const row = typeof what === 'string' ? await this.#revoke(what, key, options) : await this.#denylist.revokeClaim(describe(what));
    if (!row) return { revoked: false };
    return this.#bound === undefined ? { revoked: true } : { revoked: true, effectiveBy: Date.now() + this.#bound };
  }

  async #revoke(token: string, key: Key | undefined, options: Pick<VerifyOptions, 'algorithms'>) {
    // Also one that has expired, or is not good yet.
    await this.#verify(token, key as Key, { ...options, ignoreExpiration: true, ignoreNotBefore: true });
    return this.#denylist.revoke(token);
  }

  async #verify(token: string, key: Key, options: VerifyOptions): Promise<unknown> {
    try {
      return await verified(token, key, options, this.#verified);
    } catch (error) {
      const isOther = !(error instanceof Error) || error instanceof JsonWebTokenError || error instanceof TypeError;
      // `verify` has other errors for what a stranger may write into a token, too: an `alg` that is not for the key, a payload that is no JSON.
      throw isOther ? error : new JsonWebTokenError(error.message);
    }
  }
}
