import type { KeyObject } from 'node:crypto';

import type { Algorithm } from './algorithms.js';

const HMAC: readonly Algorithm[] = ['HS256', 'HS384', 'HS512'];
const RSA: readonly Algorithm[] = ['RS256', 'PS256', 'RS384', 'PS384', 'RS512', 'PS512'];
const ECDSA: readonly Algorithm[] = ['ES256', 'ES384', 'ES512'];
const EDDSA: readonly Algorithm[] = ['EdDSA'];

const ALGORITHMS: ReadonlyMap<string, readonly Algorithm[]> = new Map([
  ['ec', ECDSA],
  ['rsa', RSA],
  ['rsa-pss', ['PS256', 'PS384', 'PS512']],
  ['ed25519', EDDSA],
]);

/** By their names in OpenSSL (RFC 7518 section 3.4). */
const CURVES: ReadonlyMap<string, string> = new Map([
  ['ES256', 'prime256v1'],
  ['ES384', 'secp384r1'],
  ['ES512', 'secp521r1'],
]);

/** The algorithms that a key may verify where none are named. */
export function defaultAlgorithms({ type, asymmetricKeyType }: KeyObject): readonly Algorithm[] {
  if (type === 'secret') return HMAC;
  if (asymmetricKeyType === 'ec') return ECDSA;
  return asymmetricKeyType === 'ed25519' ? EDDSA : RSA;
}

/**
 * Checks that an asymmetric key is of the type that the algorithm needs: its curve, its RSA-PSS parameters.
 *
 * @throws Error which says what is wrong.
 */
export function checkKeyType(algorithm: string, key: KeyObject): void {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details = {} } = key;
  if (!type) return;
  const allowed: readonly string[] | undefined = ALGORITHMS.get(type);
  if (!allowed) throw new Error(`Unknown key type "${type}".`);
  if (!allowed.includes(algorithm)) {
    throw new Error(`"alg" parameter for "${type}" key type must be one of: ${allowed.join(', ')}.`);
  }
  const curve = CURVES.get(algorithm);
  if (details.namedCurve !== curve) throw new Error(`"alg" parameter "${algorithm}" requires curve "${curve}".`);
  if (type === 'rsa-pss') checkPssParameters(algorithm, details);
}

function checkPssParameters(algorithm: string, details: NonNullable<KeyObject['asymmetricKeyDetails']>): void {
  const { hashAlgorithm, mgf1HashAlgorithm, saltLength } = details;
  const bits = Number(algorithm.slice(-3));
  if (hashAlgorithm !== `sha${bits}` || mgf1HashAlgorithm !== hashAlgorithm) {
    throw new Error(
      `Invalid key for this operation, its RSA-PSS parameters do not meet the requirements of "alg" ${algorithm}.`,
    );
  }
  if (saltLength !== undefined && saltLength > bits / 8) {
    throw new Error(
      `Invalid key for this operation, its RSA-PSS parameter saltLength does not meet the requirements of "alg" ${algorithm}.`,
    );
  }
}
