/** What an administrator sends. */
import type { Answer, Place } from './requests.ts';
import { CLIENT } from './server.ts';

export const basic = (id: string, secret: string): Record<string, string> => ({
  authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
});

/** A client that may administer, and nothing else. */
export const ADMINISTRATOR = { id: CLIENT.id, secret: 'CLIENT_SECRET', may: ['administer'] } as const;
const CREDENTIALS = basic(CLIENT.id, CLIENT.secret);

/** An answer that has a body on each line, where it is of many. */
export async function ask(place: Place, method: string, path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(`${place.url}/auth/admin${path}`, { method, ...init, headers: { ...CREDENTIALS, ...init.headers } });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const parse = () => (type.includes('ndjson') ? text.trimEnd().split('\n').map((line) => JSON.parse(line)) : JSON.parse(text));
  const body = type.includes('json') ? parse() : text;
  return { status: response.status, code: body?.code, headers: response.headers, body };
}

const headers = (type: string, key?: string): Record<string, string> => ({
  'content-type': type,
  ...(key !== undefined && { 'idempotency-key': key }),
});

/** Revokes one thing. */
export function revokeOne(place: Place, demand: unknown, key?: string): Promise<Answer> {
  return ask(place, 'POST', '/revocations', { body: JSON.stringify(demand), headers: headers('application/json', key) });
}

/** Revokes many, one on each line. */
export function revokeMany(place: Place, demands: readonly unknown[], key?: string): Promise<Answer> {
  const body = demands.map((demand) => `${typeof demand === 'string' ? demand : JSON.stringify(demand)}\n`).join('');
  return ask(place, 'POST', '/revocations', { body, headers: headers('application/x-ndjson', key) });
}

export function list(place: Place, query: Record<string, string> = {}): Promise<Answer> {
  return ask(place, 'GET', `/revocations?${new URLSearchParams(query)}`);
}

export function audit(place: Place, query: Record<string, string> = {}): Promise<Answer> {
  return ask(place, 'GET', `/audit?${new URLSearchParams(query)}`);
}

export function explain(place: Place, token: string): Promise<Answer> {
  return ask(place, 'POST', '/explain', { body: JSON.stringify({ token }), headers: headers('application/json') });
}

/** All pages of a list, as one. */
export async function all(page: (query: Record<string, string>) => Promise<Answer>, of: string, query: Record<string, string> = {}): Promise<any[]> {
  const items = [];
  for (let next: string | undefined = ''; next !== undefined; ) {
    const { body }: Answer = await page({ ...query, ...(next !== '' && { cursor: next }) });
    items.push(...body[of]);
    next = body.next;
  }
  return items;
}
