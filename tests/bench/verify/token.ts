/** What those do by hand whose library wants to be told the key. */

const SCHEME = 'Bearer ';

/** @throws Error for another scheme. */
export function bearer(authorization: string): string {
  if (!authorization.startsWith(SCHEME)) throw new Error('no bearer token');
  return authorization.slice(SCHEME.length);
}

/** @throws Error when there is no header that can be read. */
export function kidOf(token: string): string {
  const header = token.slice(0, token.indexOf('.')).replaceAll('-', '+').replaceAll('_', '/');
  return JSON.parse(atob(header)).kid;
}
