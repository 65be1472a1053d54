import type { JwtService, JwtVerifyOptions } from '../jwt.js';
import type { PublicKey, Secret } from '../key.js';
import type { JwtPayload } from '../token.js';
import type { GetPublicKeyOrSecret } from '../verify.js';
import { credentials, type RequestHeaders } from './credentials.js';
import { isCrossSite } from './cross-site.js';
import { CROSS_SITE, type Refusal, refusalFor, TOKEN_AMBIGUOUS, TOKEN_MISSING } from './refusal.js';

/** How requests are guarded, and their users logged out. */
export interface GuardOptions extends Omit<JwtVerifyOptions, 'complete'> {
  readonly jwt: JwtService;
  readonly key: Secret | PublicKey | GetPublicKeyOrSecret;
  /** The cookies that may carry a token, besides `Authorization: Bearer`; by default none. */
  readonly cookies?: readonly string[];
  /** Whose pages may log their visitors out, besides those of the server's own host: `https://app.example`. */
  readonly allowedOrigins?: readonly string[];
}

/** Who a request is from. */
export interface Authenticated {
  readonly token: string;
  readonly claims: JwtPayload;
}

/** What becomes of a request: it may go on, as somebody's or nobody's, or it is answered. */
export type Outcome = { readonly auth?: Authenticated } | { readonly refusal: Refusal };

/** Rejects with what is neither the client's fault nor the store's: a key that cannot be used. */
export type Gate = (headers: RequestHeaders) => Promise<Outcome>;

/** Lets in whoever has one token that is good and was not destroyed. */
export function guarding({ jwt, key, cookies = [], allowedOrigins: _, ...options }: GuardOptions): Gate {
  return async (headers) => {
    const [credential, ...others] = credentials(headers, cookies);
    if (!credential) return { refusal: TOKEN_MISSING };
    if (others.length > 0) return { refusal: TOKEN_AMBIGUOUS };
    const { token } = credential;
    try {
      return { auth: { token, claims: await jwt.verify(token, key, options) } };
    } catch (error) {
      return refusalOf(error);
    }
  };
}

/**
 * Destroys every token that a request carries, and lets it go on when that is durable. One that has expired, or was destroyed
 * before, is no reason to refuse a logout.
 */
export function loggingOut({ jwt, key, cookies = [], allowedOrigins = [], algorithms }: GuardOptions): Gate {
  return async (headers) => {
    const found = credentials(headers, cookies);
    if (found.length === 0) return { refusal: TOKEN_MISSING };
    if (found.some(({ isCookie }) => isCookie) && isCrossSite(headers, allowedOrigins)) return { refusal: CROSS_SITE };
    const destroyed = await Promise.allSettled(found.map(({ token }) => jwt.destroy(token, key, { algorithms })));
    const refused = destroyed.flatMap((one) => (one.status === 'rejected' ? [refusalOf(one.reason)] : []));
    // A cookie that a neighbour has planted keeps nobody from logging out. An outage does: it may have been the right one.
    const outage = refused.find(({ refusal }) => refusal.status === 503);
    return outage ?? (refused.length < found.length ? {} : refused[0]!);
  };
}

/** @throws what is neither the client's fault nor an outage. */
function refusalOf(error: unknown): { readonly refusal: Refusal } {
  const refusal = refusalFor(error);
  if (!refusal) throw error;
  return { refusal };
}
