import type { PublicKey, Secret } from './key.js';
import type { VerifyOptions } from './verify-options.js';
import { type GetPublicKeyOrSecret, verify } from './verify.js';

export type Key = Secret | PublicKey | GetPublicKeyOrSecret;

/** What `verify` gives back. Without a key that has to be fetched, no promise is needed; with one, only a callback will do. */
export function verified(token: string, key: Key, options: VerifyOptions): unknown {
  if (typeof key !== 'function') return verify(token, key, options);
  return new Promise((resolve, reject) => {
    verify(token, key, options, (error: Error | null, decoded: unknown) => (error ? reject(error) : resolve(decoded)));
  });
}
