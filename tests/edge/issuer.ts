/** An issuer that publishes its keys over HTTP, and that can be made to fail as issuers do. */
import { type KeyObject, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { type TokenOptions, token } from './tokens.ts';

export interface SigningKey {
  readonly kid: string;
  readonly key: KeyObject;
  /** What it publishes of it instead. */
  readonly published?: object;
}

export interface Issuer {
  /** Its `iss`, and where it is. */
  readonly url: string;
  /** What it publishes. */
  keys: SigningKey[];
  /** Instead of answering as it should. */
  fault: Fault | undefined;
  /** `Cache-Control` of its answers. */
  cacheControl: string;
  /** `Age` of its answers, in seconds: a cache of its own gives them. */
  age: number;
  /** How often a path was asked for. */
  asked(path: string): number;
  /** A token that it has signed. */
  token(key: SigningKey, options?: TokenOptions): Promise<string>;
  stop(): void;
}

export type Fault = (response: ServerResponse) => void | Promise<void>;

export const faults = {
  'an error': (response) => void response.writeHead(500).end(),
  'no JSON': (response) => void response.end('<html>Sorry</html>'),
  'another document': (response) => void response.end('{"issuer":"https://evil.example"}'),
  'half a document': (response) => void response.end('{"keys":[{"kty":"EC"'),
  'a document without end': (response) => {
    const more = () => {
      while (!response.destroyed && response.write(' '.repeat(65_536)));
      if (!response.destroyed) response.once('drain', more);
    };
    more();
  },
  'a redirection': (response) => void response.writeHead(302, { location: '/elsewhere' }).end(),
  'a closed connection': (response) => void response.destroy(),
  nothing: () => {},
} as const satisfies Record<string, Fault>;

export async function startIssuer(): Promise<Issuer> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    if (issuer.fault) return issuer.fault(response);
    const documents: Record<string, object> = {
      '/jwks': { keys: issuer.keys.map(jwk) },
      '/.well-known/openid-configuration': { issuer: issuer.url, jwks_uri: `${issuer.url}/jwks` },
      '/elsewhere': { keys: issuer.keys.map(jwk) },
    };
    response.setHeader('Cache-Control', issuer.cacheControl).setHeader('Age', issuer.age);
    response.writeHead(documents[path] ? 200 : 404).end(JSON.stringify(documents[path]));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  const issuer: Issuer = {
    url: `http://127.0.0.1:${port}`,
    keys: [],
    fault: undefined,
    cacheControl: 'max-age=300',
    age: 0,
    asked: (path) => asked.filter((other) => other === path).length,
    token: ({ kid, key }, { claims, header, ...rest } = {}) =>
      token({ alg: 'ES256', key, claims: { iss: issuer.url, ...claims }, header: { kid, ...header }, ...rest }),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return issuer;
}

export function newKey(kid: string = randomUUID()): SigningKey {
  return { kid, key: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey };
}

function jwk({ kid, key, published }: SigningKey): object {
  return { ...createPublicKey(key).export({ format: 'jwk' }), kid, alg: 'ES256', use: 'sig', ...published };
}

/** Answers, but not at once. */
export function slowly(issuer: Issuer, ms: number): Fault {
  return async (response) => {
    await delay(ms);
    response.end(JSON.stringify({ keys: issuer.keys.map(jwk) }));
  };
}
