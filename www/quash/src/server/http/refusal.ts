import { DenylistUnavailableError, TokenNotRevocableError, TokenRevokedError } from '../denylist-errors.js';
import { JsonWebTokenError, NotBeforeError, TokenExpiredError } from '../errors.js';

/** What a client is told that may not pass, as at the edge: docs/errors.md. */
export interface Refusal {
  readonly status: 400 | 401 | 403 | 503;
  readonly headers: Readonly<Record<string, string>>;
  /** JSON. */
  readonly body: string;
}

/** The code for all that jsonwebtoken has a message for, and no code. */
const TOKEN_REFUSED = 'token_refused';

/** In seconds, as at the edge. */
const KEYS_RETRY_AFTER = '5';

/** No credential: RFC 6750 section 3 wants no error code then. */
export const TOKEN_MISSING = refusal(401, undefined, 'token_missing', 'a token is needed here', {
  'WWW-Authenticate': 'Bearer realm="quash"',
});

/** More than one: RFC 6750 section 2. */
export const TOKEN_AMBIGUOUS = refusal(
  400,
  'invalid_request',
  'token_ambiguous',
  'the request carries more than one credential',
  { 'WWW-Authenticate': challenge('invalid_request', 'token_ambiguous') },
);

export const CROSS_SITE = refusal(403, 'access_denied', 'cross_site_refused', 'a page of another site may not do this', {});

/** What to answer for an error of `verify` or `destroy`; `undefined` where it is neither the client's nor the store's. */
export function refusalFor(error: unknown): Refusal | undefined {
  if (error instanceof DenylistUnavailableError) {
    const headers = { 'Retry-After': String(error.retryAfter) };
    return refusal(503, 'temporarily_unavailable', error.code, error.message, headers);
  }
  if (!(error instanceof JsonWebTokenError)) return undefined;
  // The token may be good: its key could not be had.
  if (error.cause !== undefined) {
    const headers = { 'Retry-After': KEYS_RETRY_AFTER };
    return refusal(503, 'temporarily_unavailable', 'keys_unavailable', 'the keys cannot be read', headers);
  }
  const code = codeOf(error);
  const retryAfter = error instanceof TokenRevokedError ? error.retryAfter : 0;
  // What else the verifier says is for the log: it tells what was expected.
  const message = code === TOKEN_REFUSED ? 'the token is not accepted' : error.message;
  return invalid(code, message, retryAfter > 0 ? { 'Retry-After': String(retryAfter) } : {});
}

function invalid(code: string, message: string, headers: Refusal['headers'] = {}): Refusal {
  return refusal(401, 'invalid_token', code, message, { 'WWW-Authenticate': challenge('invalid_token', code), ...headers });
}

function codeOf(error: JsonWebTokenError): string {
  if (error instanceof TokenRevokedError || error instanceof TokenNotRevocableError) return error.code;
  if (error instanceof TokenExpiredError) return 'token_expired';
  if (error instanceof NotBeforeError) return 'token_not_yet_valid';
  return TOKEN_REFUSED;
}

function challenge(error: string, code: string): string {
  return `Bearer realm="quash", error="${error}", error_description="${code}"`;
}

function refusal(
  status: Refusal['status'],
  error: string | undefined,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>>,
): Refusal {
  const always = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store', 'X-Content-Type-Options': 'nosniff' };
  return { status, headers: { ...always, ...headers }, body: JSON.stringify({ error, code, message }) };
}
