/** Clients as servers configure them, and what they sign to say who they are; by `jose`, not by anything of ours. */
import { createPublicKey, randomUUID } from 'node:crypto';

import { SignJWT } from 'jose';

import { type SigningKey, newKey } from './issuer.ts';
import { CLIENT } from './server.ts';
import { now, signingKeys } from './tokens.ts';

/** Who the edge is to its clients, wherever it listens. */
export const SERVER = 'https://edge.example';

export const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** A client that signs with a key that is configured. */
export const signing = newKey('of-the-client');

const jwk = (key: SigningKey): object => createPublicKey(key.key).export({ format: 'jwk' });

/** All may do everything. */
const may = ['revoke', 'introspect'];

export const clients = [
  { id: CLIENT.id, secret: 'CLIENT_SECRET', may },
  { id: 'signing', keys: [{ kid: signing.kid, alg: 'ES256', jwk: jwk(signing) }], may },
  { id: 'another', keys: [{ kid: 'another', alg: 'ES256', jwk: jwk(newKey()) }], may },
  { id: 'sharing', keys: [{ alg: 'HS256', secret: 'HS256_SECRET' }], may },
];

/** What a deployment has whose clients sign. */
export const quash = { clients, server: { url: SERVER, audiences: ['https://issuer.example/token'] } } as const;

export interface AssertionOptions {
  /** A claim given as `undefined` is left out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly key?: SigningKey;
}

/** An assertion that the edge takes, but for what the options change. */
export function assertion({ claims, header, key = signing }: AssertionOptions = {}): Promise<string> {
  const payload = { iss: 'signing', sub: 'signing', aud: SERVER, exp: now() + 60, jti: randomUUID(), ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', kid: key.kid, ...header }).sign(key.key);
}

/** The same with a secret that both have. */
export function assertionOfSecret(): Promise<string> {
  const payload = { iss: 'sharing', sub: 'sharing', aud: SERVER, exp: now() + 60, jti: randomUUID() };
  return new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(signingKeys.HS256);
}

/** The form's fields. */
export function asserted(text: string): Record<string, string> {
  return { client_assertion_type: ASSERTION_TYPE, client_assertion: text };
}
