import { DurableObject } from 'cloudflare:workers';

/** A shard of the ledger. */
export interface Ledger {
  fetch(request: Request): Promise<Response>;
  alarm(): Promise<void>;
  /** By this, Cloudflare's types know the classes of Durable Objects. */
  readonly __DURABLE_OBJECT_BRAND: never;
}

interface Shard {
  fetch(request: Request): Promise<Response>;
  alarm(): Promise<void>;
}

class LedgerObject extends DurableObject {
  #shard: Shard | undefined;

  async fetch(request: Request): Promise<Response> {
    return (await this.#loaded()).fetch(request);
  }

  async alarm(): Promise<void> {
    return (await this.#loaded()).alarm();
  }

  async #loaded(): Promise<Shard> {
    const { Ledger } = await import('../../wasm-endpoints/index.js');
    return (this.#shard ??= new Ledger(this.ctx, this.env));
  }
}

/**
 * The class of the Durable Objects that keep the ledger: a Worker that is to have one exports it.
 *
 * ```ts
 * export { Ledger } from 'quash/edge';
 * ```
 *
 * It is Rust, and loaded as the endpoints are: most isolates keep no shard.
 */
export const Ledger = LedgerObject as unknown as new (context: any, env: any) => Ledger;
