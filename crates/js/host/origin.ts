import type { Admitted } from './judge.ts';
import type { Bindings, Fetcher } from './platform.ts';
import type { Settings } from './settings.ts';

/** Headers with this prefix are ours to the origin, so a client's are never passed on. */
const OUR_PREFIX = 'quash-';
/** The verified token's payload, base64url. */
const CLAIMS = 'Quash-Claims';

/** What the gate stands in front of. */
export class Origin {
  readonly #url: string | undefined;
  readonly #binding: Fetcher | undefined;

  /** @throws Error when there is no such binding. */
  constructor(origin: Settings['origin'], env: Bindings) {
    if ('url' in origin) {
      this.#url = origin.url;
      return;
    }
    const [[kind, name]] = Object.entries(origin) as [[string, string]];
    const binding = env[name] as Fetcher | undefined;
    if (!binding) throw new Error(`QUASH.origin.${kind}: there is no binding \`${name}\``);
    this.#binding = binding;
  }

  /** Sends the request on, with the claims that were verified or, for anybody, none. */
  forward(request: Request, admitted: Admitted | undefined): Promise<Response> {
    const forwarded = new Request(this.#target(request), request);
    const { headers } = forwarded;
    for (const name of [...headers.keys()]) if (name.startsWith(OUR_PREFIX)) headers.delete(name);
    if (admitted) {
      const { token, isBearer } = admitted;
      headers.set(CLAIMS, token.slice(token.indexOf('.') + 1, token.lastIndexOf('.')));
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
