import {
  constants,
  createHmac,
  sign,
  timingSafeEqual,
  verify,
  type KeyObject,
  type SignKeyObjectInput,
  type VerifyKeyObjectInput,
} from 'node:crypto';

import { decodeBase64url } from './base64url.js';
import { fromDer, toDer } from './ecdsa-signature.js';

/** What signs: all of RFC 7518 section 3.1 but `none`, and EdDSA with Ed25519 (RFC 8037). */
export type Algorithm =
  | 'HS256'
  | 'HS384'
  | 'HS512'
  | 'RS256'
  | 'RS384'
  | 'RS512'
  | 'PS256'
  | 'PS384'
  | 'PS512'
  | 'ES256'
  | 'ES384'
  | 'ES512'
  | 'EdDSA';

/** How one of them signs the first two segments of a token, and verifies the third. */
export interface Signature {
  readonly kind: 'hmac' | 'rsa' | 'ecdsa' | 'eddsa';
  /** @throws Error if the key is of no use to it. */
  sign(input: string, key: KeyObject): string;
  /** `false` as well if the key is of no use to it. */
  verify(input: string, signature: string, key: KeyObject): boolean;
}

const PSS = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST };

/** By `alg`. A map, since a header may say `constructor`. */
export const SIGNATURES: ReadonlyMap<unknown, Signature> = new Map<Algorithm, Signature>([
  ['HS256', hmac('sha256')],
  ['HS384', hmac('sha384')],
  ['HS512', hmac('sha512')],
  ['RS256', asymmetric('rsa', 'sha256')],
  ['RS384', asymmetric('rsa', 'sha384')],
  ['RS512', asymmetric('rsa', 'sha512')],
  ['PS256', asymmetric('rsa', 'sha256', (key) => ({ key, ...PSS }))],
  ['PS384', asymmetric('rsa', 'sha384', (key) => ({ key, ...PSS }))],
  ['PS512', asymmetric('rsa', 'sha512', (key) => ({ key, ...PSS }))],
  ['ES256', ecdsa('sha256', 64)],
  ['ES384', ecdsa('sha384', 96)],
  ['ES512', ecdsa('sha512', 132)],
  ['EdDSA', asymmetric('eddsa', null)],
]);

function hmac(hash: string): Signature {
  const digest = (input: string, key: KeyObject) => createHmac(hash, key).update(input).digest('base64url');
  return {
    kind: 'hmac',
    sign: digest,
    verify(input, signature, key) {
      // As text: it has one spelling, and Node.js makes a string of a digest sooner than a buffer.
      const [expected, actual] = [Buffer.from(digest(input, key)), Buffer.from(signature)];
      return actual.length === expected.length && timingSafeEqual(actual, expected);
    },
  };
}

/** `use` adds options to a key, but only where there are any: Node.js 24 verifies RSA in half the time by the bare key. */
function asymmetric(
  kind: Signature['kind'],
  hash: string | null,
  use: (key: KeyObject) => KeyObject | SignKeyObjectInput = (key) => key,
): Signature {
  return {
    kind,
    sign: (input, key) => sign(hash, Buffer.from(input), use(key)).toString('base64url'),
    verify(input, signature, key) {
      const bytes = decodeBase64url(signature);
      return bytes !== undefined && isRight(hash, input, use(key), bytes);
    },
  };
}

/** R and S are `length` bytes together (RFC 7518 section 3.4). */
function ecdsa(hash: string, length: number): Signature {
  return {
    kind: 'ecdsa',
    sign(input, key) {
      const isEc = key.asymmetricKeyType === 'ec';
      const signature = isEc ? fromDer(sign(hash, Buffer.from(input), key), length) : undefined;
      if (!signature) throw new Error(`The key makes no signatures of ${length} bytes.`);
      return signature.toString('base64url');
    },
    verify(input, signature, key) {
      const bytes = decodeBase64url(signature);
      return bytes?.length === length && isRight(hash, input, key, toDer(bytes));
    },
  };
}

function isRight(hash: string | null, input: string, key: KeyObject | VerifyKeyObjectInput, signature: Buffer): boolean {
  try {
    return verify(hash, Buffer.from(input), key, signature);
  } catch {
    // A key for another algorithm, which `allowInvalidAsymmetricKeyTypes` has let in.
    return false;
  }
}
