/**
 * A token is refused, or `verify` was asked in a wrong way. `name` and `message` are enumerable, as in jsonwebtoken: servers
 * answer with `JSON.stringify(error)`.
 */
export class JsonWebTokenError extends Error {
  override name = 'JsonWebTokenError';
  declare inner?: Error | undefined;

  constructor(message: string, inner?: Error) {
    super(message);
    Object.defineProperty(this, 'message', { enumerable: true });
    if (inner) this.inner = inner;
  }
}

/** The token, or the age that it may have, has run out (RFC 7519 section 4.1.4). */
export class TokenExpiredError extends JsonWebTokenError {
  override name = 'TokenExpiredError';
  /** When it did. */
  expiredAt: Date;

  constructor(message: string, expiredAt: Date) {
    super(message);
    this.expiredAt = expiredAt;
  }
}

/** The token is not good yet (RFC 7519 section 4.1.5). */
export class NotBeforeError extends JsonWebTokenError {
  override name = 'NotBeforeError';
  /** From when on it is. */
  date: Date;

  constructor(message: string, date: Date) {
    super(message);
    this.date = date;
  }
}
