import { type Claims, claimsOf } from './claims.js';
import type { Admitted } from './verdict.js';

/** Who a request is from. */
export interface Authenticated {
  /** As it was presented. */
  readonly token: string;
  readonly claims: Claims;
  /**
   * What it rests on that the token was not revoked, where that is less than the route asks for, since its `outage` lets requests in:
   * `last_known_good;age=7`, `kv_fallback` or `none`. Otherwise empty. A handler that moves money may refuse such a request.
   */
  readonly label: string;
}

/** The claims are read when they are first asked for. */
export function authenticated({ token, payload, label }: Admitted): Authenticated {
  let claims: Claims | undefined;
  return {
    token,
    get claims() {
      return (claims ??= claimsOf(payload));
    },
    label,
  };
}
