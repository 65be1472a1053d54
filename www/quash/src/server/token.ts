import type { Algorithm } from './algorithms.js';
import { decodeBase64url } from './base64url.js';

/** RFC 7515 section 4.1. */
export interface JwtHeader {
  alg: string | Algorithm;
  typ?: string | undefined;
  cty?: string | undefined;
  crit?: string[] | undefined;
  kid?: string | undefined;
  jku?: string | undefined;
  x5u?: string | string[] | undefined;
  'x5t#S256'?: string | undefined;
  x5t?: string | undefined;
  x5c?: string | string[] | undefined;
}

/** RFC 7519 section 4.1. Times are in seconds since the epoch. */
export interface JwtPayload {
  [claim: string]: any;
  iss?: string | undefined;
  sub?: string | undefined;
  aud?: string | string[] | undefined;
  exp?: number | undefined;
  nbf?: number | undefined;
  iat?: number | undefined;
  jti?: string | undefined;
}

/** The whole of a token. */
export interface Jwt {
  header: JwtHeader;
  payload: JwtPayload | string;
  signature: string;
}

/** The segments of a JWS in compact serialization (RFC 7515 section 7.1), as they are spelled. */
export interface Segments {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  /** What the signature is of. */
  readonly signingInput: string;
}

const FOREIGN_LETTER = /[^A-Za-z0-9_-]/;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** `undefined` if there are not three segments. */
export function splitToken(token: string): Segments | undefined {
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (second < 0 || token.includes('.', second + 1)) return undefined;
  return {
    header: token.slice(0, first),
    payload: token.slice(first + 1, second),
    signature: token.slice(second + 1),
    signingInput: token.slice(0, second),
  };
}

/** The header, which nobody has vouched for yet; `undefined` if it is no JSON object in UTF-8 (RFC 7515 section 5.2, step 3). */
export function readHeader({ header }: Segments): JwtHeader | undefined {
  try {
    const parsed: unknown = JSON.parse(utf8.decode(decodeBase64url(header)));
    return typeof parsed === 'object' && !Array.isArray(parsed) ? ((parsed as JwtHeader | null) ?? undefined) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * The payload, which nobody has vouched for yet; `undefined` if there is none. It is a string if it is no JSON, which a header
 * with `JWT` for its `typ` forbids, and `isJson`.
 *
 * @throws SyntaxError
 */
export function readPayload(
  { payload, signature }: Segments,
  { typ }: JwtHeader,
  isJson: boolean,
): Jwt['payload'] | undefined {
  const text = decodeBase64url(payload)?.toString();
  if (!text || FOREIGN_LETTER.test(signature)) return undefined;
  const content: unknown = isJson || typ === 'JWT' ? JSON.parse(text) : text;
  return ((typeof content === 'string' ? parseObject(content) : content) as Jwt['payload'] | null) ?? undefined;
}

function parseObject(text: string): unknown {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? parsed : text;
  } catch {
    return text;
  }
}
