import { type Sender, change } from './passed-on.js';
import type { Bindings, Fetcher } from './platform.js';
import type { Settings } from './settings.js';

/** What the deployable Worker stands in front of. */
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

  /** Sends the request on. */
  forward(request: Request, sender: Sender): Promise<Response> {
    const forwarded = new Request(this.#target(request), request);
    change(forwarded.headers, sender);
    return this.#binding ? this.#binding.fetch(forwarded) : fetch(forwarded);
  }

  #target(request: Request): string | Request {
    if (this.#url === undefined) return request;
    const { pathname, search } = new URL(request.url);
    return this.#url + pathname + search;
  }
}
