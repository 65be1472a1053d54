import type { Algorithm } from './algorithms.js';
import { JsonWebTokenError } from './errors.js';

/** What a token must be. What is not named is not checked, but for the signature, `exp`, `nbf` and `crit`. */
export interface VerifyOptions {
  /** Default: those that the type of the key is for. */
  algorithms?: readonly Algorithm[] | undefined;
  /** One of them must be one of `aud` (RFC 7519 section 4.1.3). */
  audience?: string | RegExp | readonly (string | RegExp)[] | undefined;
  /** One of them must be `iss` (RFC 7519 section 4.1.1). */
  issuer?: string | readonly string[] | undefined;
  /** `sub` (RFC 7519 section 4.1.2). */
  subject?: string | undefined;
  /** `jti` (RFC 7519 section 4.1.7). */
  jwtid?: string | undefined;
  /** `nonce` (OpenID Connect Core section 2). */
  nonce?: string | undefined;
  /** How long ago `iat` may be: seconds, or what ms reads, for example `'2 days'`. */
  maxAge?: string | number | undefined;
  /** What is now, in seconds since the epoch. Default: the clock's time. */
  clockTimestamp?: number | undefined;
  /** How wrong a clock may be, in seconds. Default: 0. */
  clockTolerance?: number | undefined;
  ignoreExpiration?: boolean | undefined;
  ignoreNotBefore?: boolean | undefined;
  /** Give back the header and the signature, too. */
  complete?: boolean | undefined;
  /** Take a key of a type that the algorithm is not meant for. */
  allowInvalidAsymmetricKeyTypes?: boolean | undefined;
}

/** @throws JsonWebTokenError */
export function checkVerifyOptions(options: VerifyOptions): void {
  const { clockTimestamp, clockTolerance, nonce, allowInvalidAsymmetricKeyTypes } = options;
  if (clockTimestamp && typeof clockTimestamp !== 'number') throw new JsonWebTokenError('clockTimestamp must be a number');
  // A string would be appended to `exp`, and the token good for centuries.
  if (clockTolerance && typeof clockTolerance !== 'number') throw new JsonWebTokenError('clockTolerance must be a number');
  if (nonce !== undefined && (typeof nonce !== 'string' || nonce.trim() === '')) {
    throw new JsonWebTokenError('nonce must be a non-empty string');
  }
  if (allowInvalidAsymmetricKeyTypes !== undefined && typeof allowInvalidAsymmetricKeyTypes !== 'boolean') {
    throw new JsonWebTokenError('allowInvalidAsymmetricKeyTypes must be a boolean');
  }
}
