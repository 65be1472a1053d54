/**
 * In place of the npm package jwt-redis 7: the same calls, errors and labels in Redis, without its defects (docs/jwt-redis.md). A
 * token is good for as long as its label is there. Whoever begins anew takes `createJwt`, which keeps what was destroyed instead.
 */
import { randomUUID } from 'node:crypto';

import { decode, type DecodeOptions } from './decode.js';
import { TokenDestroyedError, TokenInvalidError } from './jwt-redis/errors.js';
import { type LabelOptions, Labels } from './jwt-redis/labels.js';
import type { PrivateKey, Secret } from './key.js';
import type { SignOptions } from './sign-options.js';
import { sign } from './sign.js';
import type { RedisClient } from './stores/redis/client.js';
import type { Jwt, JwtPayload } from './token.js';
import { type Key, verified } from './verified.js';
import type { VerifyOptions } from './verify-options.js';

export { JsonWebTokenError, NotBeforeError, TokenExpiredError } from './errors.js';
export { TokenDestroyedError, TokenInvalidError } from './jwt-redis/errors.js';
export { StoreError, type StoreErrorCode } from './store-error.js';
export type { LabelOptions } from './jwt-redis/labels.js';
export type { RedisClient } from './stores/redis/client.js';

/** As payloads of tokens that have a label are. */
export type Labelled = object & { jti?: string | undefined };

/**
 * ```ts
 * const jwtr = new JWTR(await createClient().connect());
 * const token = await jwtr.sign({ sub: 'ada' }, secret, { expiresIn: '15m' });
 * await jwtr.verify(token, secret);
 * await jwtr.destroy(token, secret);
 * ```
 *
 * While Redis cannot be asked, what needs it rejects with a `StoreError`: a token is neither good nor destroyed then.
 */
export default class JWTRedis {
  /** What Node.js gives to ES modules for jwt-redis is an object that has the class here, so they say `new JWTR.default(client)`. */
  static readonly default: typeof JWTRedis = JWTRedis;

  readonly #labels: Labels;

  /** @throws TypeError for what is no client of node-redis or ioredis. */
  constructor(client: RedisClient, options?: LabelOptions) {
    this.#labels = new Labels(client, options ?? {});
  }

  // This and `destroy` are fields and not methods, since in jwt-redis they are: programs take them off the instance.
  /**
   * A token, once its label is in Redis. Its `jti` is that of the payload or of the options, or else is drawn at random. Two tokens
   * with the same one have one label, which lives as long as the token that was signed last.
   *
   * Rejects with Error as `sign` throws; and with StoreError where the label may not be there, in which case there is no token.
   */
  readonly sign = async <T extends Labelled>(payload: T, key: Secret | PrivateKey, options?: SignOptions): Promise<string> => {
    const token = sign(named(payload, options), key, options ?? {});
    // Of the token, and not of the payload: what `verify` will read, after all that JSON makes of it.
    const { jti, exp } = decode(token) as JwtPayload;
    const name = nameOf(jti);
    if (name === undefined) throw new Error('"jti" must be a string');
    const ttl = exp === undefined ? undefined : lifetime(exp);
    // What is dead already needs none.
    if (ttl === undefined || ttl > 0) await this.#labels.set(name, ttl);
    return token;
  };

  /**
   * Destroys a token, or all tokens with this `jti`. Resolves to whether there was a label: none is there any more.
   *
   * A token without its key is believed: whoever lets a request name it has it verified before, or gives the key here. With that it
   * may have expired, or not be good yet. For a `jti`, a key means nothing.
   *
   * Rejects with TypeError for what is neither, with TokenInvalidError for a token that has no `jti`, with JsonWebTokenError where
   * the key is not the token's; and with StoreError where the label may be there still, in which case it may be tried again.
   */
  readonly destroy = async (jtiOrToken: string, key?: Key, options?: Pick<VerifyOptions, 'algorithms'>): Promise<boolean> => {
    const given = nameOf(jtiOrToken);
    if (given === undefined) throw new TypeError('a token or a "jti" is needed');
    const said = decode(given);
    if (said === null) return this.#labels.delete(given);
    const claims = key === undefined ? said : await verified(given, key, { ...options, ignoreExpiration: true, ignoreNotBefore: true });
    return this.#labels.delete(labelled(claims as JwtPayload));
  };

  /** What a token says, whoever has written it. `null` if it is no token. */
  decode<T>(token: string, options?: DecodeOptions): T {
    return decode(token, options) as T;
  }

  /**
   * The payload of a token that is what `options` ask for, and has its label.
   *
   * Rejects with JsonWebTokenError, TokenExpiredError and NotBeforeError as `verify` throws; with TokenInvalidError where it has no
   * `jti`, with TokenDestroyedError where there is no label; and with StoreError where nobody knows.
   */
  async verify<T extends Labelled>(token: string, key: Key, options?: VerifyOptions): Promise<T> {
    const decoded = await verified(token, key, options ?? {});
    const claims = options?.complete === true ? (decoded as Jwt).payload : (decoded as JwtPayload | string);
    if (!(await this.#labels.has(labelled(claims)))) throw new TokenDestroyedError();
    return decoded as T;
  }
}

/** @throws TypeError for a payload that has no claims. */
function named<T extends Labelled>(payload: T, options: SignOptions | undefined): T {
  // A text would be signed as an object of its letters.
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload) || ArrayBuffer.isView(payload)) {
    throw new TypeError('"payload" must be an object, since it gets a "jti"');
  }
  const jti = payload.jti || (options?.jwtid === undefined ? randomUUID() : undefined);
  return jti === undefined ? { ...payload } : { ...payload, jti };
}

/** @throws TokenInvalidError */
function labelled(claims: JwtPayload | string): string {
  const name = typeof claims === 'string' ? undefined : nameOf(claims.jti);
  if (name === undefined) throw new TokenInvalidError();
  return name;
}

/** A number is taken, as it is there. Objects are not: all of them would have one label. */
function nameOf(jti: unknown): string | undefined {
  return jti && (typeof jti === 'string' || typeof jti === 'number') ? String(jti) : undefined;
}

/** How long a token is good for, in milliseconds: until the first whole second that is not before `exp`. */
function lifetime(exp: number): number {
  return Math.ceil(exp) * 1000 - Date.now();
}
