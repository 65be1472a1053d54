import { JsonWebTokenError } from './errors.js';

/** The token is good in itself, and was revoked. */
export class TokenRevokedError extends JsonWebTokenError {
  override name = 'TokenRevokedError';
  readonly code = 'token_revoked';
  /** What was revoked: `token`, `session`, `subject`, `client`, `key`, `claim NAME` or `issuer`. */
  readonly rule: string;
  /** After how many seconds one that is issued then is not covered too; 0 where that is so at once. */
  readonly retryAfter: number;

  constructor(rule: string, retryAfter: number) {
    super('jwt revoked');
    this.rule = rule;
    this.retryAfter = retryAfter;
  }
}

/** A denylist can say nothing about the token: it is none, has no `exp` or no `iat`, or lives longer than its revocation would. */
export class TokenNotRevocableError extends JsonWebTokenError {
  override name = 'TokenNotRevocableError';
  /** Of docs/errors.md. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** Nobody knows whether the token was revoked: the store cannot be reached. Not the bearer's fault, so to be answered with 503. */
export class DenylistUnavailableError extends Error {
  override name = 'DenylistUnavailableError';
  readonly code = 'store_unavailable';
  /** When to try again, in seconds. */
  readonly retryAfter: number;

  constructor(retryAfter: number, cause: unknown) {
    super('the denylist cannot be reached', { cause });
    this.retryAfter = retryAfter;
  }
}
