import type { KeyObject } from 'node:crypto';

import { SIGNATURES } from './algorithms.js';
import { BoundedMap } from './bounded-map.js';
import { checkClaims } from './claims.js';
import { JsonWebTokenError } from './errors.js';
import { checkKeyType, defaultAlgorithms } from './key-type.js';
import { readVerificationKey } from './key.js';
import { readHeader, readPayload, splitToken, type Jwt, type JwtHeader, type Segments } from './token.js';
import type { VerifiedTokens } from './verified-tokens.js';
import { checkVerifyOptions, type VerifyOptions } from './verify-options.js';

/** A token that has been read, and that nobody has vouched for. */
export interface Unverified {
  readonly token: string;
  readonly segments: Segments;
  /** Shared by all tokens that have the same: whoever gives it away gives a copy. */
  readonly header: Readonly<JwtHeader>;
  readonly payload: Jwt['payload'];
}

/**
 * The headers of tokens that were good, by what they are spelled like: most tokens of an issuer have the same. One is at most as
 * long as what a server takes for a request's head, 16 KiB in Node.js, so these are 1 MiB; some 5 KiB in practice.
 */
const knownHeaders = new BoundedMap<JwtHeader>(64);

/**
 * @param verified What need not be read again.
 * @throws JsonWebTokenError, or SyntaxError.
 */
export function readToken(token: unknown, options: VerifyOptions, verified?: VerifiedTokens): Unverified {
  checkVerifyOptions(options);
  if (!token) throw new JsonWebTokenError('jwt must be provided');
  if (typeof token !== 'string') throw new JsonWebTokenError('jwt must be a string');
  const known = verified?.get(token);
  // A new object each time: it is given away.
  if (known?.content !== undefined) return { ...known, token, payload: JSON.parse(known.content) };
  const segments = splitToken(token);
  if (!segments) throw new JsonWebTokenError('jwt malformed');
  const header = knownHeaders.get(segments.header) ?? readHeader(segments);
  const payload = header && readPayload(segments, header, false);
  if (payload === undefined) throw new JsonWebTokenError('invalid token');
  // It names extensions without which the token must not be understood, and none is known (RFC 7515 section 4.1.11).
  if (Object.hasOwn(header!, 'crit')) throw new JsonWebTokenError('crit is not supported');
  return { token, segments, header: header!, payload };
}

/**
 * What the token says, if the key and the options are for it. No token is good without a signature: `none` is no algorithm here.
 *
 * @param verified Whose signatures need not be checked again.
 * @throws as `verify`.
 */
export function judge(
  { token, segments, header, payload }: Unverified,
  input: unknown,
  options: VerifyOptions,
  verified?: VerifiedTokens,
): Jwt | Jwt['payload'] {
  const { signature } = segments;
  const { alg } = header;
  if (signature && !input) throw new JsonWebTokenError('secret or public key must be provided');
  if (!signature) throw new JsonWebTokenError('jwt signature is required');
  const key = readVerificationKey(input);
  if (!key) throw new JsonWebTokenError('secretOrPublicKey is not valid key material');
  if (key.symmetricKeySize === 0) throw new JsonWebTokenError('secret or public key must be provided');
  const algorithm = isAllowed(alg, key, options) ? SIGNATURES.get(alg) : undefined;
  if (!algorithm) throw new JsonWebTokenError('invalid algorithm');
  const [type, name] = algorithm.kind === 'hmac' ? ['secret', 'a symmetric'] : ['public', 'an asymmetric'];
  if (key.type !== type) throw new JsonWebTokenError(`secretOrPublicKey must be ${name} key when using ${alg}`);
  if (!options.allowInvalidAsymmetricKeyTypes) checkKeyType(alg, key);
  const known = verified?.get(token);
  if (known?.key === key) {
    if (typeof payload === 'object') known.content ??= JSON.stringify(payload);
  } else {
    if (!algorithm.verify(segments.signingInput, signature, key)) throw new JsonWebTokenError('invalid signature');
    verified?.add(token, { key, segments, header });
  }
  if (knownHeaders.get(segments.header) === undefined) knownHeaders.set(segments.header, header);
  checkClaims(payload, options);
  return options.complete === true ? { header: readHeader(segments)!, payload, signature } : payload;
}

function isAllowed(alg: string, key: KeyObject, { algorithms }: VerifyOptions): boolean {
  const allowed: unknown = algorithms || defaultAlgorithms(key);
  return Array.isArray(allowed) ? allowed.includes(alg) : allowed === alg;
}
