import { JsonWebTokenError, NotBeforeError, TokenExpiredError } from './errors.js';
import { addTimeSpan } from './time-span.js';
import type { Jwt, JwtPayload } from './token.js';
import type { VerifyOptions } from './verify-options.js';

/**
 * Checks the claims of a token whose signature is right (RFC 7519 section 4.1).
 *
 * @throws JsonWebTokenError, NotBeforeError or TokenExpiredError.
 */
export function checkClaims(payload: Jwt['payload'], options: VerifyOptions): void {
  const claims = typeof payload === 'object' ? payload : {};
  const now = options.clockTimestamp || Math.floor(Date.now() / 1000);
  checkTimes(claims, now, options);
  checkNames(claims, options);
  if (options.maxAge) checkAge(claims.iat, options.maxAge, now - (options.clockTolerance || 0));
}

function checkTimes({ nbf, exp }: JwtPayload, now: number, options: VerifyOptions): void {
  const tolerance = options.clockTolerance || 0;
  if (nbf !== undefined && !options.ignoreNotBefore) {
    if (typeof nbf !== 'number') throw new JsonWebTokenError('invalid nbf value');
    if (nbf > now + tolerance) throw new NotBeforeError('jwt not active', new Date(nbf * 1000));
  }
  if (exp !== undefined && !options.ignoreExpiration) {
    if (typeof exp !== 'number') throw new JsonWebTokenError('invalid exp value');
    if (now >= exp + tolerance) throw new TokenExpiredError('jwt expired', new Date(exp * 1000));
  }
}

function checkNames({ aud, iss, sub, jti, nonce }: JwtPayload, options: VerifyOptions): void {
  const { audience, issuer, subject, jwtid } = options;
  if (audience) {
    const audiences: readonly (string | RegExp)[] = Array.isArray(audience) ? audience : [audience];
    const isMeant = (Array.isArray(aud) ? aud : [aud]).some((one) => audiences.some((other) => isAudience(one, other)));
    if (!isMeant) throw new JsonWebTokenError(`jwt audience invalid. expected: ${audiences.join(' or ')}`);
  }
  if (issuer) {
    const isIssuer = Array.isArray(issuer) ? iss !== undefined && issuer.includes(iss) : iss === issuer;
    if (!isIssuer) throw new JsonWebTokenError(`jwt issuer invalid. expected: ${issuer}`);
  }
  if (subject && sub !== subject) throw new JsonWebTokenError(`jwt subject invalid. expected: ${subject}`);
  if (jwtid && jti !== jwtid) throw new JsonWebTokenError(`jwt jwtid invalid. expected: ${jwtid}`);
  if (options.nonce && nonce !== options.nonce) throw new JsonWebTokenError(`jwt nonce invalid. expected: ${options.nonce}`);
}

function isAudience(actual: unknown, expected: string | RegExp): boolean {
  // Not `test`: with the flag `g` that begins where its last match has ended, which was in another token.
  if (expected instanceof RegExp) return typeof actual === 'string' && actual.search(expected) >= 0;
  return actual !== undefined && actual === expected;
}

function checkAge(iat: unknown, maxAge: string | number, now: number): void {
  if (typeof iat !== 'number') throw new JsonWebTokenError('iat required when maxAge is specified');
  const end = addTimeSpan(iat, maxAge);
  if (end === undefined) {
    throw new JsonWebTokenError(
      '"maxAge" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60',
    );
  }
  if (now >= end) throw new TokenExpiredError('maxAge exceeded', new Date(end * 1000));
}
