/**
 * What is to be destroyed, by what tokens say of it: one of `jti`, `sid`, `sub`, `client_id`, `kid` or a revocable claim; or
 * everything of an issuer's.
 *
 * - `{ jti: '7f3a' }`: one token. Tell its `exp`, if you know it: its revocation then ends with it.
 * - `{ sid: 'd1' }`: a session, and whatever is issued for it while tokens of before could live.
 * - `{ sub: 'ada' }`: every token of a user that was issued until now. After a login everything is as before.
 * - `{ sub: 'ada', before: new Date('2026-11-01') }`: those that were issued before.
 * - `{ sub: 'ada', keep: 'd1' }`: all but those of a session. "Log out my other devices."
 * - `{ iss: 'https://issuer.example', everything: true }`: all of an issuer's.
 *
 * Nothing of it may be undefined, or of another name: what would be destroyed then is more than was meant.
 */
export interface Target {
  readonly jti?: string;
  readonly sid?: string;
  readonly sub?: string;
  readonly client_id?: string;
  readonly kid?: string;
  /** A revocable claim, by its name. */
  readonly claim?: { readonly name: string; readonly value: string };
  /** Everything of the issuer's. */
  readonly everything?: true;
  /** The issuer of the tokens, as their `iss` says; absent where they have none. */
  readonly iss?: string;
  /** Only what was issued before: a date that has passed, or seconds since the epoch as in `iat`. */
  readonly before?: Date | number;
  /** The `sid` of the session that is spared. */
  readonly keep?: string;
  /** The token's own `exp`, in seconds since the epoch. */
  readonly exp?: number;
  readonly reason?: 'logout' | 'credential_change' | 'account_disabled' | 'reuse' | 'other';
}

const CLAIMS = ['jti', 'sid', 'sub', 'client_id', 'kid'] as const;
const TEXTS: readonly string[] = [...CLAIMS, 'iss', 'keep', 'reason'];
const OTHERS: readonly string[] = ['claim', 'everything', 'before', 'exp'];

/**
 * The same, as the core reads it: see `wanted.rs`.
 *
 * @throws TypeError where it names nothing, more than one thing, or something else.
 */
export function describe(target: Target): object {
  check(target);
  const named = CLAIMS.filter((claim) => target[claim] !== undefined).map((claim) => ({ claim: claim as string, value: target[claim]! }));
  if (target.claim) named.push(ofClaim(target.claim));
  if (target.everything) named.push({ claim: 'iss', value: '' });
  const [one, ...others] = named;
  if (!one) throw new TypeError('a token with its key is needed, or what to destroy: `{ sub: "ada" }`');
  if (others.length > 0) throw new TypeError('one thing at a time can be destroyed');
  const { iss, before, keep, exp, reason } = target;
  return {
    ...one,
    iss,
    // `iat` is in whole seconds.
    ...(before !== undefined && { issuedUntil: Math.ceil(seconds('before', before)) * 1000 - 1 }),
    keep,
    ...(exp !== undefined && { expiresAt: Math.floor(seconds('exp', exp) * 1000) }),
    reason,
  };
}

function check(target: Target): void {
  for (const [name, value] of Object.entries(target)) {
    const isText = TEXTS.includes(name);
    if (!isText && !OTHERS.includes(name)) throw new TypeError(`there is no "${name}" to destroy something by`);
    if (value === undefined || (isText && typeof value !== 'string')) throw new TypeError(`"${name}" is ${value === undefined ? 'undefined' : 'no string'}`);
  }
}

function ofClaim({ name, value }: { readonly name: unknown; readonly value: unknown }): { claim: string; value: string } {
  const isOther = name === 'iss' || CLAIMS.some((claim) => claim === name);
  if (typeof name !== 'string' || typeof value !== 'string' || isOther) throw new TypeError('"claim" must have the name of a revocable claim, and a value');
  return { claim: name, value };
}

function seconds(name: string, time: Date | number): number {
  const seconds = time instanceof Date ? time.getTime() / 1000 : time;
  if (!Number.isFinite(seconds) || seconds <= 0) throw new TypeError(`"${name}" is no time after 1970`);
  return seconds;
}
