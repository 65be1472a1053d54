import type { Bindings, Fetcher } from './platform.ts';
import type { Settings } from './settings.ts';
import type { Admitted } from './verdict.ts';

/** Headers with this prefix are ours to the origin, so a client's are never passed on. */
const OUR_PREFIX = 'quash-';
/** The verified token's payload, base64url. */
export const CLAIMS = 'Quash-Claims';

/** What the verdict rests on, where that is less than the route asks for. */
export const SOURCE = 'Quash-Source';

/** Servers that hand headers on as variables of the environment cannot tell `_` from `-` (RFC 3875 section 4.1.18). */
function isOurs(name: string): boolean {
  return name.replaceAll('_', '-').startsWith(OUR_PREFIX);
}

/** What the gate stands in front of. */
export class Origin {
  readonly #url: string | undefined;
  readonly #binding: Fetcher | undefined;

  /** @throws Error when none is configured, or there is no such binding. */
  constructor(origin: Settings['origin'], env: Bindings) {
    this.#url = origin.url;
    if (this.#url !== undefined) return;
    const [configured] = Object.entries(origin);
    if (!configured) throw new Error('QUASH.origin: is missing, and nothing else says where to send what may pass');
    const [kind, name] = configured;
    const binding = env[name] as Fetcher | undefined;
    if (!binding) throw new Error(`QUASH.origin.${kind}: there is no binding \`${name}\``);
    this.#binding = binding;
  }

  /** Sends the request on: with the claims that were verified; as it is, for anybody; or without any credential. */
  forward(request: Request, admitted: Admitted | 'nobody' | undefined): Promise<Response> {
    const forwarded = new Request(this.#target(request), request);
    const { headers } = forwarded;
    for (const name of [...headers.keys()]) if (isOurs(name)) headers.delete(name);
    if (admitted === 'nobody') {
      headers.delete('Authorization');
      headers.delete('Cookie');
    } else if (admitted) {
      const { token, claims, isBearer, label } = admitted;
      headers.set(CLAIMS, claims);
      if (label !== '') headers.set(SOURCE, label);
      // Only the credential that was verified goes on: another scheme's could mean another user to the origin.
      if (isBearer) headers.set('Authorization', `Bearer ${token}`);
      else headers.delete('Authorization');
    }
    return this.#binding ? this.#binding.fetch(forwarded) : fetch(forwarded);
  }

  #target(request: Request): string | Request {
    if (this.#url === undefined) return request;
    const { pathname, search } = new URL(request.url);
    return this.#url + pathname + search;
  }
}
