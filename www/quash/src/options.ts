/** What to wipe in one place: keys by name, or all of them. Leave it out and nothing there is touched. */
export type Selection = 'everything' | readonly string[];

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

/** What a tab wipes of its own. */
export interface WipeOptions {
  /** Cookies that scripts can read. HttpOnly ones cannot be reached from a page: the edge's answer expires them. */
  readonly cookies?: Selection | undefined;
  readonly localStorage?: Selection | undefined;
  readonly sessionStorage?: Selection | undefined;
}

/** What {@link logout} does. Every member has a default; `logout()` alone tells the edge and wipes nothing. */
export interface LogoutOptions extends WipeOptions {
  /** URL of the edge's logout route. Default: `/auth/logout`. */
  readonly endpoint?: string | undefined;
  /** Read before anything is wiped. */
  readonly token?: TokenSource | undefined;
  /** Default: the edge's, which is `token`. */
  readonly scope?: Scope | undefined;
  /** How long to wait for the edge's answer, in milliseconds. Default: 5000. */
  readonly timeout?: number | undefined;
}
