/** What is used of Cloudflare's platform, as far as the DOM's types do not have it. */

export interface Context {
  /** Goes on with the work after the answer. */
  waitUntil(work: Promise<unknown>): void;
}

export interface KvNamespace {
  /** Several keys in one operation. */
  get(keys: readonly string[]): Promise<Map<string, string | null>>;
}

/** A namespace of Durable Objects. */
export interface DurableObjects {
  idFromName(name: string): { toString(): string };
  getByName(name: string): { fetch(url: string, init?: RequestInit): Promise<Response> };
}

/** A data set of Workers Analytics Engine. */
export interface Dataset {
  writeDataPoint(point: object): void;
}

/** A service, or static assets. */
export interface Fetcher {
  fetch(request: Request): Promise<Response>;
}

/** The answer to an upgrade has one half of a WebSocket. */
export interface Upgraded {
  readonly webSocket?: { accept(): void; close(code: number): void } | null;
}

export type Bindings = Readonly<Record<string, unknown>>;

/** The data centre's cache. */
export function cache(): Cache {
  return (caches as unknown as { readonly default: Cache }).default;
}

/** Rejects when `work` takes longer. */
export async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer in ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
