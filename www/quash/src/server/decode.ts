import { readHeader, readPayload, splitToken, type Jwt, type JwtPayload } from './token.js';

export interface DecodeOptions {
  /** Give back the header and the signature, too. */
  complete?: boolean | undefined;
  /** The payload is JSON, although `typ` does not say so. */
  json?: boolean | undefined;
}

/**
 * What a token says, whoever has written it: nothing is verified. `null` if it is no token.
 *
 * @throws SyntaxError if the payload should be JSON, and is not.
 */
export function decode(token: string, options: DecodeOptions & { complete: true }): Jwt | null;
export function decode(token: string, options: DecodeOptions & { json: true }): JwtPayload | null;
export function decode(token: string, options?: DecodeOptions): JwtPayload | string | null;
export function decode(token: string | Buffer, options?: DecodeOptions | null): Jwt | JwtPayload | string | null {
  const isText = typeof token === 'string' || Buffer.isBuffer(token);
  const segments = isText ? splitToken(token.toString()) : undefined;
  const header = segments && readHeader(segments);
  const payload = header && readPayload(segments, header, Boolean(options?.json));
  if (payload === undefined) return null;
  return options?.complete === true ? { header: header!, payload, signature: segments!.signature } : payload;
}
