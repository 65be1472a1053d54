import { JsonWebTokenError, type NotBeforeError, type TokenExpiredError } from './errors.js';
import { judge, readToken, type Unverified } from './judge.js';
import type { PublicKey, Secret } from './key.js';
import { readHeader, type Jwt, type JwtHeader, type JwtPayload } from './token.js';
import type { VerifyOptions } from './verify-options.js';

export type VerifyErrors = JsonWebTokenError | NotBeforeError | TokenExpiredError;

export type VerifyCallback<T = Jwt | JwtPayload | string> = (error: VerifyErrors | null, decoded?: T | undefined) => void;

export type SigningKeyCallback = (error: Error | null, signingKey?: Secret | PublicKey) => void;

/** Finds the key that a header names, for example by its `kid`. */
export type GetPublicKeyOrSecret = (header: JwtHeader, callback: SigningKeyCallback) => void;

/**
 * The payload of a token, once it is sure that the holder of the key has signed it, and that it is what `options` ask for
 * (RFC 7519 section 7.2). Keys that are strings or `KeyObject`s cost an import only once.
 *
 * With a callback, all is told to that instead, at once if the key is there.
 *
 * @throws JsonWebTokenError, TokenExpiredError or NotBeforeError; Error where the type of the key is wrong; SyntaxError where the
 * payload is not the JSON that it should be.
 */
export function verify(token: string, key: Secret | PublicKey, options: VerifyOptions & { complete: true }): Jwt;
export function verify(
  token: string,
  key: Secret | PublicKey,
  options?: VerifyOptions & { complete?: false },
): JwtPayload | string;
export function verify(token: string, key: Secret | PublicKey, options?: VerifyOptions): Jwt | JwtPayload | string;
export function verify(
  token: string,
  key: Secret | PublicKey | GetPublicKeyOrSecret,
  callback?: VerifyCallback<JwtPayload | string>,
): void;
export function verify(
  token: string,
  key: Secret | PublicKey | GetPublicKeyOrSecret,
  options: VerifyOptions & { complete: true },
  callback?: VerifyCallback<Jwt>,
): void;
export function verify(
  token: string,
  key: Secret | PublicKey | GetPublicKeyOrSecret,
  options?: VerifyOptions & { complete?: false },
  callback?: VerifyCallback<JwtPayload | string>,
): void;
export function verify(
  token: string,
  key: Secret | PublicKey | GetPublicKeyOrSecret,
  options?: VerifyOptions,
  callback?: VerifyCallback,
): void;
export function verify(
  token: unknown,
  key: unknown,
  options?: VerifyOptions | VerifyCallback<any> | null,
  callback?: VerifyCallback<any>,
): unknown {
  if (typeof options === 'function') return verify(token as string, key as Secret, {}, callback ?? options);
  if (callback) return tell(token, key, { ...options }, callback);
  const unverified = readToken(token, options || {});
  if (typeof key !== 'function') return judge(unverified, key, options || {});
  throw new JsonWebTokenError(
    'verify must be called asynchronous if secret or public key is provided as a callback',
  );
}

function tell(token: unknown, key: unknown, options: VerifyOptions, callback: VerifyCallback): unknown {
  // What the callback throws is its own affair, so it is called outside of every `try`.
  const fail = (error: unknown) => callback(error as VerifyErrors);
  const settle = (unverified: Unverified, found: unknown) => {
    let decoded;
    try {
      decoded = judge(unverified, found, options);
    } catch (error) {
      return fail(error);
    }
    return callback(null, decoded);
  };

  let unverified: Unverified;
  try {
    unverified = readToken(token, options);
  } catch (error) {
    return fail(error);
  }
  if (typeof key !== 'function') return settle(unverified, key);
  return (key as GetPublicKeyOrSecret)(readHeader(unverified.segments)!, (error, found) => {
    if (!error) return settle(unverified, found);
    return fail(new JsonWebTokenError(`error in secret or public key callback: ${error.message}`));
  });
}
