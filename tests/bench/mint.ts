/** Tokens as issuers make them, signed by Node's own cryptography: by nothing of ours, and by no peer. */
import {
  type KeyObject, createHmac, createPublicKey, createSecretKey, generateKeyPairSync, randomBytes, randomUUID, sign,
} from 'node:crypto';

import { ALGORITHMS, type Algorithm, type Setup } from './verify/peer.ts';

export const AUDIENCE = 'https://api.example';
const ISSUERS = ['https://login.example', 'https://accounts.partner.example/oauth2', 'https://id.example/tenants/eu'];
/** Longer than any bench. */
const LIFETIME_S = 3600;

interface SigningKey {
  readonly issuer: string;
  readonly kid: string;
  readonly key: KeyObject;
}

export class Mint {
  readonly setup: Setup;
  readonly #keys: readonly SigningKey[];

  constructor(alg: Algorithm) {
    this.#keys = ISSUERS.map((issuer, at) => ({ issuer, kid: `${alg.toLowerCase()}-2026-1${at}`, key: newKey(alg) }));
    const issuers = this.#keys.map(({ issuer, kid, key }) => ({ issuer, kid, jwk: jwk(key) }));
    this.setup = { alg, audience: AUDIENCE, issuers };
  }

  /** Values of an Authorization header, with tokens that were never seen before, of all issuers in turn. */
  headers(count: number, claims: object = {}): string[] {
    return Array.from({ length: count }, (_, at) => `Bearer ${this.#token(this.#keys[at % this.#keys.length]!, claims)}`);
  }

  #token({ issuer, kid, key }: SigningKey, claims: object): string {
    const { alg } = this.setup;
    const input = `${base64url({ alg, typ: 'JWT', kid })}.${base64url({ ...payload(issuer), ...claims })}`;
    return `${input}.${signature(alg, key, input).toString('base64url')}`;
  }
}

export function mints(): Record<Algorithm, Mint> {
  return Object.fromEntries(ALGORITHMS.map((alg) => [alg, new Mint(alg)])) as Record<Algorithm, Mint>;
}

function payload(iss: string): object {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss,
    sub: `user-${randomUUID()}`,
    aud: [AUDIENCE, `${iss}/userinfo`],
    iat: now - 5,
    exp: now + LIFETIME_S,
    auth_time: now - 60,
    jti: randomUUID(),
    sid: randomUUID(),
    client_id: 'web-banking',
    scope: 'openid profile email accounts:read payments:write',
    roles: ['customer', 'beta'],
    tenant: 'eu-north',
    name: 'Zoë Brandt',
    email: 'zoe.brandt@mail.example',
    email_verified: true,
    amr: ['pwd', 'otp'],
  };
}

/** A private key, or a secret. */
export function newKey(alg: Algorithm): KeyObject {
  switch (alg) {
    case 'HS256':
      // Letters, as a Worker's secret is made of.
      return createSecretKey(randomBytes(24).toString('base64url'), 'utf8');
    case 'RS256':
      return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
    case 'ES256':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
    case 'EdDSA':
      return generateKeyPairSync('ed25519').privateKey;
  }
}

function jwk(key: KeyObject): JsonWebKey {
  return (key.type === 'secret' ? key : createPublicKey(key)).export({ format: 'jwk' });
}

function signature(alg: Algorithm, key: KeyObject, input: string): Buffer {
  if (alg === 'HS256') return createHmac('sha256', key).update(input).digest();
  return sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
