/** Refresh tokens as a team's own issuer makes them at the login, and what their holders send. */
import { type KeyObject, createPublicKey, randomUUID } from 'node:crypto';

import { type Answer, type Place, post } from './requests.ts';
import { type Algorithm, now, signingKeys, token } from './tokens.ts';

/** How long access tokens live, in seconds. */
export const ACCESS_SECS = 300;

/** One by its name, whose tokens the edge signs with its own key: see {@link secrets}. */
export function issuer(name: string, alg: Algorithm, refresh: Readonly<Record<string, unknown>> = {}) {
  const key = signingKeys[alg];
  const own = key instanceof Uint8Array ? { secret: 'HS256_SECRET' } : { jwk: createPublicKey(key).export({ format: 'jwk' }) };
  return {
    issuer: `https://${name}.example`,
    audiences: ['api'],
    max_lifetime: 3600,
    leeway: 5,
    keys: [{ kid: alg, alg, ...own }],
    refresh: { kid: alg, alg, secret: key instanceof Uint8Array ? 'HS256_SECRET' : `${alg}_KEY`, access_lifetime: ACCESS_SECS, ...refresh },
  };
}

/** The private keys, as the edge has them. */
export const secrets: Record<string, string> = Object.fromEntries(
  Object.entries(signingKeys)
    .filter((entry): entry is [string, KeyObject] => !(entry[1] instanceof Uint8Array))
    .map(([alg, key]) => [`${alg}_KEY`, JSON.stringify(key.export({ format: 'jwk' }))]),
);

export interface RefreshTokenOptions {
  readonly alg?: Algorithm;
  /** A claim given as `undefined` is left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
}

/** A refresh token of the issuer with this name, but for what the options change. */
export function refreshToken(name: string, { alg = 'HS256', claims = {}, header = {} }: RefreshTokenOptions = {}): Promise<string> {
  const iss = `https://${name}.example`;
  const own = { iss, aud: iss, sid: randomUUID(), exp: now() + 3000, ...claims };
  return token({ alg, claims: own, header: { typ: 'rt+jwt', ...header } });
}

export function refresh(place: Place, refresh_token: string, form: Record<string, string> = {}, headers: HeadersInit = {}): Promise<Answer> {
  return post(place, '/auth/token', { grant_type: 'refresh_token', refresh_token, ...form }, headers);
}
