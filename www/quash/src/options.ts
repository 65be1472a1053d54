/**
 * What to wipe in one place: items by name, where a name that ends in `*` stands for all that begin so; whatever contains a
 * token (a JWS or JWE, in JSON and base64 too); or everything.
 */
export type Selection = 'everything' | 'tokens' | readonly string[];

/** Object stores of one IndexedDB database, which itself stays. */
export interface DatabaseStores {
  readonly database: string;
  readonly stores: readonly string[];
}

/** As {@link Selection}, of databases. */
export type DatabaseSelection = 'everything' | 'tokens' | readonly (string | DatabaseStores)[];

/**
 * Where the token is that the edge shall revoke. A string is the token itself. A token in an HttpOnly cookie needs no
 * mention: the browser sends that cookie by itself.
 */
export type TokenSource =
  | string
  | { readonly cookie: string }
  | { readonly localStorage: string }
  | { readonly sessionStorage: string };

/** What the edge shall revoke: the token, all tokens with the same `sid`, or all tokens of the subject. */
export type Scope = 'token' | 'session' | 'everywhere';

/** What a logout wipes. Nothing is touched that is not named here. */
export interface WipeOptions {
  /** For every place that has no selection of its own. */
  readonly wipe?: 'everything' | 'tokens' | undefined;
  /** Names of what survives wherever it is, for example `['theme', 'consent*']`. */
  readonly keep?: readonly string[] | undefined;
  /** Cookies that scripts can read. HttpOnly ones cannot be reached from a page: the edge's answer expires them. */
  readonly cookies?: Selection | undefined;
  readonly localStorage?: Selection | undefined;
  /** Of this tab; every other wipes its own when it hears of the logout. */
  readonly sessionStorage?: Selection | undefined;
  readonly indexedDB?: DatabaseSelection | undefined;
  /** Cache Storage, by the names of its caches. */
  readonly caches?: Exclude<Selection, 'tokens'> | undefined;
  /** Ask this origin's service workers to forget, and wait until they say that they have. Default: `false`. */
  readonly serviceWorker?: boolean | undefined;
}

/** Where and how the edge is told. */
export interface EdgeOptions {
  /** URL of the edge's logout route. Default: `/auth/logout`. */
  readonly endpoint?: string | undefined;
  /** Read before anything is wiped. */
  readonly token?: TokenSource | undefined;
  /** Default: the edge's, which is `token`. */
  readonly scope?: Scope | undefined;
}

/** What {@link logout} does. Every member has a default; `logout()` alone tells the edge and wipes nothing. */
export interface LogoutOptions extends EdgeOptions, WipeOptions {
  /** How long to wait for the edge's answer, in milliseconds. Default: 5000. */
  readonly timeout?: number | undefined;
}
