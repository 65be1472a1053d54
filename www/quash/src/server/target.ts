/**
 * What is to be destroyed, by what tokens say of it. One of `jti`, `sid`, `sub`, `client_id`, `kid` or a revocable claim; only
 * `iss` for everything of an issuer's.
 *
 * - `{ jti: '7f3a' }`: one token. Tell its `exp`, if you know it: its revocation then ends with it.
 * - `{ sid: 'd1' }`: a session, and whatever would still be issued for it.
 * - `{ sub: 'ada' }`: every token of a user that was issued until now. After a login everything is as before.
 * - `{ sub: 'ada', before: new Date('2026-11-01') }`: those that were issued before.
 * - `{ sub: 'ada', keep: 'd1' }`: all but those of a session. "Log out my other devices."
 */
export interface Target {
  readonly jti?: string;
  readonly sid?: string;
  readonly sub?: string;
  readonly client_id?: string;
  readonly kid?: string;
  /** A revocable claim, by its name. */
  readonly claim?: { readonly name: string; readonly value: string };
  /** The issuer of the tokens, as their `iss` says; absent where they have none. */
  readonly iss?: string;
  /** Only what was issued before: a date, or seconds since the epoch as in `iat`. */
  readonly before?: Date | number;
  /** The `sid` of the session that is spared. */
  readonly keep?: string;
  /** The token's own `exp`, in seconds since the epoch. */
  readonly exp?: number;
  readonly reason?: 'logout' | 'credential_change' | 'account_disabled' | 'other';
}

const CLAIMS = ['jti', 'sid', 'sub', 'client_id', 'kid'] as const;

/**
 * The same, as the core reads it: see `wanted.rs`.
 *
 * @throws TypeError where it names nothing, or more than one thing.
 */
export function describe(target: Target): object {
  const named = CLAIMS.filter((claim) => target[claim] !== undefined).map((claim) => ({ claim: claim as string, value: target[claim] }));
  if (target.claim) named.push({ claim: target.claim.name, value: target.claim.value });
  const [one = { claim: 'iss', value: target.iss }, ...others] = named;
  if (others.length > 0) throw new TypeError('one thing at a time can be destroyed');
  if (typeof one.value !== 'string') throw new TypeError('a token with its key is needed, or what to destroy: `{ sub: "ada" }`');
  const { iss, before, keep, exp, reason } = target;
  return {
    ...one,
    iss,
    // `iat` is in whole seconds.
    ...(before !== undefined && { issuedUntil: Math.ceil(before instanceof Date ? before.getTime() / 1000 : before) * 1000 - 1 }),
    keep,
    ...(exp !== undefined && { expiresAt: Math.floor(exp * 1000) }),
    reason,
  };
}
