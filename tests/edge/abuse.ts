/** What strangers and thieves bring, and what a deployment has that they try it on: one with everything that may be configured. */
import { randomUUID } from 'node:crypto';

import { clients, quash as clientsOf } from './assertions.ts';
import type { Options } from './server.ts';
import { ISSUER, type TokenOptions, configuredIssuers, now, token } from './tokens.ts';

export const RP = 'client-id-at-the-issuer';
export const RECEIVER = 'https://receiver.example';
export const HERE = 'https://api.example/auth/global-token-revocation';

const [issuer] = configuredIssuers;

export const quash = {
  ...clientsOf,
  clients: clients.map((client) => (client.id === 'another' ? { ...client, audiences: ['another api'] } : client)),
  server: { ...clientsOf.server, metadata: true },
  verify: { uri: 'X-Forwarded-Uri', method: 'X-Forwarded-Method' },
  issuers: [
    {
      ...issuer,
      leeway: 1,
      logout_audiences: [RP],
      event_audiences: [RECEIVER],
      revocation_audiences: [HERE],
      revocation_clients: ['backend'],
      refresh: { kid: 'HS256', alg: 'HS256', secret: 'HS256_SECRET', grace: 0 },
    },
  ],
} as const;

export const deployment = { ledger: { max_staleness: 1 }, quash } as const satisfies Options;

/** Tokens that nobody may do anything with, though all are about this subject, session and token. */
export async function useless(sub: string, sid: string, jti: string): Promise<Record<string, string>> {
  const claims = { sub, sid, jti };
  const good = await token({ claims });
  const [header, payload, signature = ''] = good.split('.');
  const none = Buffer.from('{"alg":"none","kid":"HS256"}').toString('base64url');
  return {
    forged: await token({ claims, key: new TextEncoder().encode('a key of the stranger’s own, 32 bytes') }),
    'without a signature': `${none}.${payload}.`,
    'signed otherwise': `${header}.${payload}.${signature.split('').reverse().join('')}`,
    foreign: await token({ claims: { ...claims, iss: 'https://evil.example' } }),
    'of no key': await token({ claims, header: { kid: randomUUID() } }),
    expired: await token({ claims: { ...claims, iat: now() - 800, exp: now() - 400 } }),
    garbled: 'eyJhbGciOiJIUzI1NiJ9.e30',
    empty: '..',
  };
}

/** What an issuer sends, but for what the options change. */
export function logoutToken({ claims, header, ...rest }: TokenOptions = {}): Promise<string> {
  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  return token({
    alg: 'ES256',
    ...rest,
    claims: { aud: RP, iat: now(), exp: now() + 120, events, ...claims },
    header: { typ: 'logout+jwt', ...header },
  });
}

export function securityEvent({ claims, header, ...rest }: TokenOptions & { readonly claims: { readonly sub: string } }): Promise<string> {
  const { sub, ...others } = claims as { sub: string };
  return token({
    alg: 'ES256',
    ...rest,
    claims: {
      aud: RECEIVER,
      sub: undefined,
      exp: undefined,
      iat: now(),
      txn: '8675309',
      sub_id: { format: 'iss_sub', iss: ISSUER, sub },
      events: { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} },
      ...others,
    },
    header: { typ: 'secevent+jwt', ...header },
  });
}

/** The endpoints that take something by POST, each with the media type of its body. */
export const POSTED = {
  logout: 'application/x-www-form-urlencoded',
  handle: 'application/x-www-form-urlencoded',
  token: 'application/x-www-form-urlencoded',
  revoke: 'application/x-www-form-urlencoded',
  introspect: 'application/x-www-form-urlencoded',
  'backchannel-logout': 'application/x-www-form-urlencoded',
  events: 'application/secevent+jwt',
  'global-token-revocation': 'application/json',
} as const;
