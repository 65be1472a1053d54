/**
 * `confirmed`: the edge has revoked what was presented; no copy of the token is accepted any more.
 * `queued`: the edge could not be told yet. A revocation handle is kept, and sent until the edge confirms it.
 * `local-only`: this browser is wiped as the effects say, but the edge has not confirmed a revocation.
 */
export type Outcome = 'confirmed' | 'queued' | 'local-only';

/** What the edge said, in its own words (`POST /auth/logout`). */
export interface EdgeAnswer {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly outcome?: 'revoked' | 'no_token' | 'refused' | undefined;
  /** The edge's stable error code, for example `store_unavailable` or `signature_invalid`. */
  readonly code?: string | undefined;
  /** When the revocation was written, in milliseconds since the epoch. */
  readonly revokedAt?: number | undefined;
  /** Why there is no answer that could be understood. */
  readonly reason?: 'network' | 'timeout' | 'not_understood' | undefined;
}

/** Why an effect was skipped or failed. */
export type EffectReason =
  /** Nothing by that name could be seen. An HttpOnly cookie looks the same: the edge's answer expires it. */
  | 'not_found'
  /** The browser denied access, or has no such thing. */
  | 'denied'
  /** It is still there after everything that could be tried. */
  | 'remains'
  /** It did not end within a second. It may still be under way. */
  | 'timeout';

/** One thing that was tried. */
export interface Effect {
  readonly target:
    | 'cookies'
    | 'localStorage'
    | 'sessionStorage'
    | 'indexedDB'
    | 'caches'
    | 'memory'
    | 'serviceWorker'
    | 'tabs';
  /** What was asked for (`token`, `sb-*`, `tokens`, `*` for everything) or found: a cookie, a database, a cache. */
  readonly name: string;
  readonly outcome: 'done' | 'skipped' | 'failed';
  readonly reason?: EffectReason;
  /** How many items are gone, where one effect is for several. */
  readonly count?: number;
}

export interface LogoutReport {
  readonly outcome: Outcome;
  readonly edge: EdgeAnswer;
  readonly effects: readonly Effect[];
  /**
   * What decided: WebAssembly; the same, compiled to JavaScript, where WebAssembly may not run; or, where neither could be
   * loaded, a few lines that know only the obvious.
   */
  readonly engine: 'wasm' | 'wasm2js' | 'none';
  /** From the call to the report, in milliseconds. */
  readonly durationMs: number;
}

/** A logout in another tab, after this tab has wiped its own. */
export interface LogoutEvent {
  /** Names the logout: the same string in every tab. */
  readonly epoch: string;
  readonly effects: readonly Effect[];
  /** Shows the page again, if it was hidden because it would have shown what was there before the logout. */
  reveal(): void;
}
