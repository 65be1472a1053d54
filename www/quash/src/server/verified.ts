import { JsonWebTokenError } from './errors.js';
import { judge, readToken, type Unverified } from './judge.js';
import type { PublicKey, Secret } from './key.js';
import { readHeader } from './token.js';
import type { VerifiedTokens } from './verified-tokens.js';
import type { VerifyOptions } from './verify-options.js';
import type { GetPublicKeyOrSecret } from './verify.js';

export type Key = Secret | PublicKey | GetPublicKeyOrSecret;

/**
 * What `verify` gives back; a promise of it only where the key has to be fetched.
 *
 * @param known What was verified before, and need not be again.
 */
export function verified(token: string, key: Key, options: VerifyOptions, known?: VerifiedTokens): unknown {
  const unverified = readToken(token, options, known);
  if (typeof key !== 'function') return judge(unverified, key, options, known);
  return fetched(unverified, key).then((found) => judge(unverified, found, options, known));
}

function fetched({ segments }: Unverified, key: GetPublicKeyOrSecret): Promise<unknown> {
  return new Promise((resolve, reject) => {
    key(readHeader(segments)!, (error, found) => {
      if (!error) return resolve(found);
      const failure = new JsonWebTokenError(`error in secret or public key callback: ${error.message}`);
      // Not enumerable, as in all errors: it is nothing that a server answers with.
      reject(Object.defineProperty(failure, 'cause', { value: error }));
    });
  });
}
