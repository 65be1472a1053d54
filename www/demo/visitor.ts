/** An HTTP client with a cookie jar: as much of a browser as the story needs. */

export interface Reply {
  readonly status: number;
  /** The answer's JSON object; empty when it has none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export class Visitor {
  readonly #origin: string;
  readonly #cookies = new Map<string, string>();

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** Sends what a page of this origin would send: its cookies, and `Origin` where a browser adds it. */
  async send(
    method: 'GET' | 'POST',
    path: string,
    { form, bearer }: { readonly form?: Readonly<Record<string, string>>; readonly bearer?: string } = {},
  ): Promise<Reply> {
    const headers = new Headers();
    if (method === 'POST') headers.set('Origin', this.#origin);
    if (bearer) headers.set('Authorization', `Bearer ${bearer}`);
    if (this.#cookies.size > 0) headers.set('Cookie', [...this.#cookies].map((pair) => pair.join('=')).join('; '));
    const response = await fetch(this.#origin + path, {
      method,
      headers,
      ...(form && { body: new URLSearchParams(form) }),
    });
    for (const cookie of response.headers.getSetCookie()) this.#keep(cookie);
    const text = await response.text();
    const isJson = response.headers.get('Content-Type')?.includes('json');
    return { status: response.status, body: isJson ? JSON.parse(text) : {} };
  }

  /** RFC 6265 section 5.3, of which one host and one path need little: the name, the value, the end. */
  #keep(cookie: string): void {
    const [pair = '', ...attributes] = cookie.split(/;\s*/);
    const [name = '', value = ''] = pair.split(/=(.*)/);
    const hasEnded = attributes.some((attribute) => {
      const [key = '', set = ''] = attribute.split('=');
      if (key.toLowerCase() === 'max-age') return Number(set) <= 0;
      return key.toLowerCase() === 'expires' && Date.parse(set) <= Date.now();
    });
    if (hasEnded) this.#cookies.delete(name);
    else this.#cookies.set(name, value);
  }
}
