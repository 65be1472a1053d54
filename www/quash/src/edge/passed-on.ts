import type { Admitted } from './verdict.js';

/** Headers with this prefix are ours to whoever stands behind the guard, so a client's are never passed on. */
const OUR_PREFIX = 'quash-';
/** The verified token's payload, base64url. */
export const CLAIMS = 'Quash-Claims';
/** What the verdict rests on, where that is less than the route asks for. */
export const SOURCE = 'Quash-Source';

/** Whose a request is: a token says so; anybody's; or nobody's, since it asks for nobody's data. */
export type Sender = Admitted | 'anybody' | 'nobody';

/**
 * Has whoever stands behind the guard read the claims that were verified, or none; and no credential but what was verified, or what
 * the guard does not ask for.
 */
export function change(headers: Headers, sender: Sender): void {
  for (const name of [...headers.keys()]) if (isOurs(name)) headers.delete(name);
  if (sender === 'anybody') return;
  if (sender === 'nobody') {
    headers.delete('Authorization');
    headers.delete('Cookie');
    return;
  }
  const { token, payload, isBearer, label } = sender;
  headers.set(CLAIMS, payload);
  if (label !== '') headers.set(SOURCE, label);
  // Another scheme's credential could mean another user to the origin.
  if (isBearer) headers.set('Authorization', `Bearer ${token}`);
  else headers.delete('Authorization');
}

/** The request as whoever stands behind the guard gets it. */
export function passedOn(request: Request, sender: Sender): Request {
  const { url, method, headers, cf } = request as Request & { cf?: unknown };
  // Middleware that has read the body keeps it: it cannot be read again.
  const passed = request.bodyUsed ? new Request(url, { method, headers, cf } as RequestInit) : new Request(request);
  change(passed.headers, sender);
  return passed;
}

/** Servers that hand headers on as variables of the environment cannot tell `_` from `-` (RFC 3875 section 4.1.18). */
function isOurs(name: string): boolean {
  return name.replaceAll('_', '-').startsWith(OUR_PREFIX);
}
