/** What a bearer, a browser and a back end send. */
import { CLIENT, type Edge } from './server.ts';

/** Whom it is sent to. */
export type Place = Pick<Edge, 'url'>;

export interface Answer {
  readonly status: number;
  readonly code: string | undefined;
  readonly headers: Headers;
  readonly body: any;
}

async function answer(response: Response): Promise<Answer> {
  const text = await response.text();
  const body = response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
  return { status: response.status, code: body?.code, headers: response.headers, body };
}

export async function get(edge: Place, path: string, headers: HeadersInit = {}): Promise<Answer> {
  return answer(await fetch(edge.url + path, { headers, redirect: 'manual' }));
}

/** Calls the API with a token. */
export function call(edge: Place, token: string, path = '/api'): Promise<Answer> {
  return get(edge, path, { authorization: `Bearer ${token}` });
}

/** Logs out as a browser does: from our own page, the token in the HttpOnly cookie. */
export function logout(edge: Place, token: string, form: Record<string, string> = {}): Promise<Answer> {
  return post(edge, '/auth/logout', form, { cookie: `session=${token}`, 'sec-fetch-site': 'same-origin' });
}

/** Revokes as a back end does. */
export function revoke(edge: Place, token: string): Promise<Answer> {
  const credentials = Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64');
  return post(edge, '/auth/revoke', { token }, { authorization: `Basic ${credentials}` });
}

export async function post(
  edge: Place,
  path: string,
  form: Record<string, string> | string,
  headers: HeadersInit = {},
): Promise<Answer> {
  const body = typeof form === 'string' ? form : new URLSearchParams(form);
  return answer(await fetch(edge.url + path, { method: 'POST', body, headers }));
}
