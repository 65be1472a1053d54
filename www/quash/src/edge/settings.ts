/** What the engine tells of the configuration; see `texts.rs`. */
export interface Settings {
  /** How proxies ask, if they may: the headers that have a request's URI and method. Empty: its path is behind ours; none has. */
  readonly verify?: { readonly uri: string; readonly method: string };
  /** Empty when none is configured. */
  readonly origin: { readonly url?: string; readonly service?: string; readonly assets?: string };
  /** The binding of the KV namespace. */
  readonly denylist: string;
  /** How long that may take, in milliseconds. */
  readonly storeTimeout: number;
  /** What the addresses of ours in the data centre's cache start with. */
  readonly nearby: string;
  /** The binding that counts the requests that fail; empty when there is none. */
  readonly rateLimit: string;
  /** The deployment's mode, by its name. */
  readonly mode: string;
  /** How much goes to the log: 0 for what is wrong with us, 1 for what is notable as well, 2 for all. */
  readonly log: number;
  /** The binding of an Analytics Engine data set; empty when there is none. */
  readonly analytics: string;
  /** Whether answers tell how long they took. */
  readonly serverTiming: boolean;
  /** The binding of the ledger's Durable Objects; empty when there is none. */
  readonly ledger: string;
}
