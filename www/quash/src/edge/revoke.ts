import { message } from './platform.js';
import { QuashError } from './quash-error.js';

/**
 * What is to be revoked: a token; or, of an issuer of the configuration, what its tokens say by one of `jti`, `sid`, `sub`, `client_id`,
 * `kid` or a revocable claim; or everything of its. The names are those of `quash/server`.
 *
 * - `{ token }`: this one. Its signature has to be right; that it has expired is no error.
 * - `{ iss, jti: '7f3a' }`: one token. Tell its `exp`, if you know it: its revocation then ends with it.
 * - `{ iss, sid: 'd1' }`: a session, and whatever is issued for it while tokens of before could live.
 * - `{ iss, sub: 'ada' }`: every token of a user that was issued until now. After a login everything is as before.
 * - `{ iss, sub: 'ada', before: new Date('2026-11-01') }`: those that were issued before.
 * - `{ iss, sub: 'ada', keep: 'd1' }`: all but those of a session. "Log out my other devices."
 * - `{ iss, everything: true }`: all of the issuer's.
 *
 * Nothing of it may be undefined, or of another name: what would be revoked then is more than was meant.
 */
export type Revocable = { readonly token: string; readonly reason?: Reason } | Target;

export interface Target {
  /** An issuer of the configuration. */
  readonly iss: string;
  readonly jti?: string;
  readonly sid?: string;
  readonly sub?: string;
  readonly client_id?: string;
  readonly kid?: string;
  /** One of the issuer's `revocable_claims`, by its name. */
  readonly claim?: { readonly name: string; readonly value: string };
  /** Everything of the issuer's. */
  readonly everything?: true;
  /** Only what was issued before: a date that has passed, or seconds since the epoch as in `iat`. */
  readonly before?: Date | number;
  /** The `sid` of the session that is spared. */
  readonly keep?: string;
  /** The token's own `exp`, in seconds since the epoch. */
  readonly exp?: number;
  readonly reason?: Reason;
}

/** Why; `logout`, where nothing is said. */
export type Reason = 'logout' | 'credential_change' | 'account_disabled' | 'administrator' | 'reuse' | 'other';

/** What has come of it, when it is durable: as the Admin API answers it (docs/admin.md). Times are in seconds since the epoch. */
export type Receipt =
  | {
      readonly outcome: 'revoked';
      /** All that is ever stored of what was named. */
      readonly id: string;
      readonly kind: 'token' | 'session' | 'subject' | 'client' | 'key' | 'claim' | 'issuer';
      /** Which of the tokens: those with an `iat` up to `issued_until`, or all, but for those of the session with the id `keep`. */
      readonly covers: readonly { readonly issued_until?: number; readonly keep?: string }[];
      readonly revoked_at: number;
      /** The entry is kept until then at least. */
      readonly expires_at: number;
      readonly reason: Reason;
      readonly mode: 'strict' | 'bounded' | 'eventual' | 'danger_isolate';
      /** From then on it is refused everywhere, on routes of this mode; absent where nobody can say. */
      readonly effective_by?: number;
    }
  /** The token is dead already. */
  | { readonly outcome: 'expired' };

/** What one Worker tells another: an error is data, since one that is thrown loses its code on the way. */
export interface Told {
  readonly receipt: Receipt | { readonly outcome: 'refused'; readonly code: string; readonly detail: string };
  /** What was revoked: `KEY ENTRY` on each line. */
  readonly entries: string;
}

/** Another Worker's entrypoint `Endpoints`, or what only answers requests. */
export interface Revoking {
  revoke?(what: Revocable): Promise<Told>;
}

/**
 * The demand, as `demand.rs` reads it, which refuses what is wrong with it besides.
 *
 * @throws QuashError.
 */
export function demandOf(what: Revocable): string {
  if (!isPlain(what)) throw new QuashError('member_invalid', 'what is to be revoked is no plain object');
  // Once, so that what is looked at is what is revoked.
  const { claim, before, ...others } = { ...what } as { claim?: unknown; before?: unknown };
  const demand: Record<string, unknown> = { reason: 'logout', ...others };
  if ('claim' in what) {
    if (!isPlain(claim)) throw invalid('claim');
    const { name, value, ...more } = { ...claim } as { name?: unknown; value?: unknown };
    if (Object.keys(more).length > 0) throw invalid('claim');
    Object.assign(demand, { claim: name, value });
  }
  if ('before' in what) demand.before = before instanceof Date ? before.getTime() / 1000 : before;
  for (const [name, value] of Object.entries(demand)) {
    // JSON leaves out whatever else there is.
    if (!['string', 'number', 'boolean'].includes(typeof value)) throw invalid(name);
  }
  return JSON.stringify(demand);
}

/** Whether it has no members but its own: those of a class would be left out. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function invalid(name: string): QuashError {
  return new QuashError('member_invalid', `the member \`${name}\` is undefined, or of another kind`);
}

/** @throws QuashError where it was refused. */
export function receiptOf({ receipt }: Told): Receipt {
  if (receipt.outcome === 'refused') throw new QuashError(receipt.code, receipt.detail);
  return receipt;
}

/**
 * Has another Worker revoke it.
 *
 * @throws QuashError.
 */
export async function revokeThere(endpoints: Revoking, what: Revocable): Promise<Told> {
  // What is wrong with it is said here, and not after a journey.
  demandOf(what);
  try {
    if (typeof endpoints.revoke === 'function') return await endpoints.revoke(what);
  } catch (error) {
    if (!isMissing(error)) throw failed(error);
  }
  throw new QuashError('configuration_invalid', 'what is bound as `endpoints` cannot revoke: bind the entrypoint `Endpoints`');
}

/** Whatever fails that should not. */
export function failed(cause: unknown): QuashError {
  return new QuashError('platform_failed', `nothing was acknowledged: ${message(cause)}`, { cause });
}

/** Whether the Worker there has no such method: Cloudflare has no other word for it than this message. */
function isMissing(error: unknown): boolean {
  return error instanceof TypeError && /does not implement the method|does not support RPC/.test(error.message);
}
