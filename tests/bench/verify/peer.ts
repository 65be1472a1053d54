/** What every peer is given, and what it makes of it. A peer is a file beside this one, and a line in `peers.ts`. */

export const ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

/** Whose tokens are good. */
export interface Setup {
  readonly alg: Algorithm;
  /** One of these has to be among a token's. */
  readonly audience: string;
  readonly issuers: readonly Issuer[];
}

export interface Issuer {
  readonly issuer: string;
  /** No two issuers have the same. */
  readonly kid: string;
  /** The public key, or for HS256 the secret (`kty` is `oct`). */
  readonly jwk: JsonWebKey;
}

/** What the Worker is bound to. */
export interface Env {
  readonly KV: { get(key: string): Promise<string | null> };
  readonly QUASH_LEDGER: { getByName(name: string): { fetch(url: string, init?: RequestInit): Promise<Response> } };
}

export interface Peer<Input = string, Verdict = unknown> {
  /** All that can be done before the first token: keys are imported here. */
  prepare(setup: Setup, env: Env): Promise<Verify<Input, Verdict>>;
  /** For a peer that does less than the others: what it does not do itself, from the value of the header. */
  ready?(authorization: string): Input;
  /** Algorithms that it has not. */
  readonly lacks?: readonly Algorithm[];
}

/**
 * From the value of an Authorization header, `Bearer eyJ…`, to a verdict: something truthy for a token whose signature, `exp`,
 * `iss` and `aud` are right. One that needs no promise returns none.
 */
export type Verify<Input = string, Verdict = unknown> = (authorization: Input) => Verdict | Promise<Verdict>;

export interface Claims {
  readonly iss?: string | undefined;
  readonly aud?: string | string[] | undefined;
  readonly exp?: number | undefined;
  readonly jti?: string | undefined;
}
