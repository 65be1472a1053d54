/** What an issuer has signed (RFC 7519 section 4.1), as the guard has verified it. Times are in seconds since the epoch. */
export interface Claims {
  readonly [claim: string]: unknown;
  readonly iss: string;
  readonly exp: number;
  readonly iat: number;
  readonly nbf?: number;
  readonly sub?: string;
  readonly aud?: string | readonly string[];
  readonly jti?: string;
  /** The session (OpenID Connect Front-Channel Logout 1.0 section 3). */
  readonly sid?: string;
  /** Scopes, with a blank between them (RFC 8693 section 4.2). */
  readonly scope?: string;
}

const utf8 = new TextDecoder();

/** @param payload Of a token that was verified: base64url, and JSON. */
export function claimsOf(payload: string): Claims {
  const binary = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
  return JSON.parse(utf8.decode(bytes)) as Claims;
}
