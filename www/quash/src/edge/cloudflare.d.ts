/** What is used of Cloudflare's modules. */

declare module 'cloudflare:workers' {
  /** The bindings, which are there before the first request. */
  export const env: Readonly<Record<string, unknown>>;

  /** Goes on with the work after the answer. */
  export function waitUntil(work: Promise<unknown>): void;

  export class WorkerEntrypoint {
    constructor(context: object, env: object);
    protected readonly ctx: { waitUntil(work: Promise<unknown>): void };
    protected readonly env: Readonly<Record<string, unknown>>;
  }

  export class DurableObject {
    constructor(context: object, env: object);
    protected readonly ctx: object;
    protected readonly env: object;
  }
}

/** Wrangler compiles a module when it is deployed. */
declare module '*.wasm' {
  const module: WebAssembly.Module;
  export default module;
}

/** What `worker-build` makes of `crates/worker`. */
declare module '*/wasm-endpoints/index.js' {
  export default class Endpoints {
    constructor(context: object, env: object);
    onRecord(listener: (lines: string) => void): void;
    onJudge(judge: (token: string) => Promise<Response | undefined>): void;
    fetch(request: Request): Promise<Response>;
    revoke(demand: string): Promise<string>;
  }

  export class Ledger {
    constructor(context: object, env: object);
    fetch(request: Request): Promise<Response>;
    alarm(): Promise<void>;
  }
}
