/**
 * `confirmed`: the edge has revoked what was presented; no copy of the token is accepted any more.
 * `local-only`: this browser is wiped as the effects say, but the edge has not confirmed a revocation.
 */
export type Outcome = 'confirmed' | 'local-only';

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
  readonly reason?: 'network' | 'timeout' | 'not_understood';
}

/** Why an effect was skipped or failed. */
export type EffectReason =
  /** Nothing by that name could be seen. An HttpOnly cookie looks the same: the edge's answer expires it. */
  | 'not_found'
  /** Not a possible cookie name, so no such cookie exists. */
  | 'invalid_name'
  /** The browser denied access. */
  | 'denied'
  /** The cookie can still be read after every way to delete it: its domain or path is out of this page's reach. */
  | 'still_readable';

/** One thing that was tried. `name` is a key, a cookie, a channel, or `*` for a whole storage area. */
export interface Effect {
  readonly target: 'cookie' | 'localStorage' | 'sessionStorage' | 'tabs';
  readonly name: string;
  readonly outcome: 'done' | 'skipped' | 'failed';
  readonly reason?: EffectReason;
}

export interface LogoutReport {
  readonly outcome: Outcome;
  readonly edge: EdgeAnswer;
  readonly effects: readonly Effect[];
  /** `fallback`: WebAssembly could not be loaded, and a shorter wipe (fewer cookie paths and domains) ran instead. */
  readonly engine: 'wasm' | 'fallback';
  /** From the call to the report, in milliseconds. */
  readonly durationMs: number;
}

/** A logout in another tab, after this tab has wiped its own. */
export interface LogoutEvent {
  /** Names the logout: the same string in every tab. */
  readonly epoch: string;
  readonly effects: readonly Effect[];
}
