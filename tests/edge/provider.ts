/** The npm package `oidc-provider` as an issuer, unchanged: it logs in, issues JWTs, and sends back-channel logouts by itself. */
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { calculateJwkThumbprint } from 'jose';
import { Provider } from 'oidc-provider';

/** Its clients: one wants to be told which session has ended, the other only whose. */
export const CLIENTS = { bySession: 'by-session', bySubject: 'by-subject' } as const;
export const RESOURCE = 'https://api.example';
const REDIRECT_URI = 'https://app.example/callback';

export interface RealIssuer {
  readonly url: string;
  /** How many back-channel logouts were acknowledged, and how many were not. */
  readonly told: { success: number; error: number };
  /** Begins to answer, and tells the Worker there of logouts. */
  serve(edge: string): Promise<void>;
  /** Somebody's browser. */
  browser(): Browser;
  stop(): void;
}

/** Listens, so that its address is known: the Worker has to be configured with it, and it with the Worker's. */
export async function startProvider(): Promise<RealIssuer> {
  const server: Server = createServer();
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const told = { success: 0, error: 0 };
  return {
    url,
    told,
    serve: async (edge) => {
      const provider = await configured(url, `${edge}/auth/backchannel-logout`);
      provider.on('backchannel.success', () => void told.success++);
      provider.on('backchannel.error', () => void told.error++);
      server.on('request', provider.callback());
    },
    browser: () => new Browser(url),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function configured(url: string, backchannel_logout_uri: string): Promise<Provider> {
  const key = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
  const client = (client_id: string, backchannel_logout_session_required: boolean) => ({
    client_id,
    backchannel_logout_uri,
    backchannel_logout_session_required,
    redirect_uris: [REDIRECT_URI],
    token_endpoint_auth_method: 'none' as const,
    id_token_signed_response_alg: 'ES256' as const,
  });
  return new Provider(url, {
    clients: [client(CLIENTS.bySession, true), client(CLIENTS.bySubject, false)],
    jwks: { keys: [{ ...key, kid: await calculateJwkThumbprint(key as never), alg: 'ES256', use: 'sig' } as never] },
    cookies: { keys: [randomBytes(32).toString('hex')] },
    features: {
      backchannelLogout: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: () => ({
          scope: 'api',
          audience: RESOURCE,
          accessTokenTTL: 600,
          accessTokenFormat: 'jwt',
          jwt: { sign: { alg: 'ES256' } },
        }),
      },
    },
    // It leaves `sid` to ID tokens, unless it is told otherwise.
    extraTokenClaims: (context) => {
      const sid = context.oidc.entities.AuthorizationCode?.sid;
      return sid === undefined ? {} : { sid };
    },
    // By itself it would not connect to this machine.
    fetch: (address, init) => fetch(address, { ...init, dispatcher: undefined } as RequestInit),
  });
}

/** A browser with nothing but cookies, as far as one is needed to log in and out. */
export class Browser {
  readonly #issuer: string;
  readonly #cookies = new Map<string, string>();

  constructor(issuer: string) {
    this.#issuer = issuer;
  }

  /** Logs in, if there is no session yet, and comes back with the access token of a client. */
  async login(client_id: string, account: string): Promise<string> {
    const code_verifier = randomBytes(32).toString('base64url');
    const query = new URLSearchParams({
      client_id,
      response_type: 'code',
      redirect_uri: REDIRECT_URI,
      scope: 'openid api',
      resource: RESOURCE,
      code_challenge: createHash('sha256').update(code_verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
    let next = `${this.#issuer}/auth?${query}`;
    while (!next.startsWith(REDIRECT_URI)) {
      const response = await this.#send(next);
      const location = response.headers.get('location');
      if (location) {
        next = new URL(location, next).href;
        continue;
      }
      // It asks for a login, or for consent: any password will do.
      const prompt = /name="prompt" value="(\w+)"/.exec(await response.text())?.[1];
      if (!prompt) throw new Error(`${next}: ${response.status}`);
      const answered = await this.#send(next, { prompt, login: account, password: 'any' });
      next = new URL(answered.headers.get('location') ?? '', next).href;
    }
    const code = new URL(next).searchParams.get('code') ?? '';
    const answer = await this.#send(`${this.#issuer}/token`, {
      grant_type: 'authorization_code',
      code,
      client_id,
      code_verifier,
      redirect_uri: REDIRECT_URI,
      resource: RESOURCE,
    });
    const { access_token } = (await answer.json()) as { access_token: string };
    return access_token;
  }

  /** Logs out at the issuer (OpenID Connect RP-Initiated Logout 1.0), which tells its clients before it answers. */
  async endSession(): Promise<void> {
    const page = await (await this.#send(`${this.#issuer}/session/end`)).text();
    const xsrf = /name="xsrf" value="(\w+)"/.exec(page)?.[1] ?? '';
    await this.#send(`${this.#issuer}/session/end/confirm`, { xsrf, logout: 'yes' });
  }

  async #send(url: string, form?: Record<string, string>): Promise<Response> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const init = form && { method: 'POST', body: new URLSearchParams(form) };
    const response = await fetch(url, { ...init, headers: { cookie }, redirect: 'manual' });
    for (const line of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (value === '' || /expires=Thu, 01 Jan 1970/i.test(line)) this.#cookies.delete(name);
      else this.#cookies.set(name, value);
    }
    return response;
  }
}
