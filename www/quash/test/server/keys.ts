/** Keys for the tests, made anew in each run: no test depends on their bits. */
import { generateKeyPairSync, type KeyObject } from 'node:crypto';

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

const ec = (namedCurve: string): KeyPair => generateKeyPairSync('ec', { namedCurve });

const pss = (hashAlgorithm: string, mgf1HashAlgorithm: string, saltLength: number): KeyPair =>
  generateKeyPairSync('rsa-pss', {
    modulusLength: 2048,
    hashAlgorithm,
    mgf1HashAlgorithm,
    // Its type says a string, which Node.js does not take.
    saltLength: saltLength as never,
  });

export const SECRET = 'a secret that is known to both sides';

export const RSA: KeyPair = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const RSA_SHORT: KeyPair = generateKeyPairSync('rsa', { modulusLength: 1024 });
export const PSS: KeyPair = pss('sha256', 'sha256', 32);
export const PSS_MIXED: KeyPair = pss('sha256', 'sha1', 32);
export const PSS_SALTY: KeyPair = pss('sha256', 'sha256', 64);
export const P256 = ec('P-256');
export const P384 = ec('P-384');
export const P521 = ec('P-521');
export const K256 = ec('secp256k1');
export const ED25519: KeyPair = generateKeyPairSync('ed25519');
export const ED448: KeyPair = generateKeyPairSync('ed448');

export function pem(key: KeyObject): string {
  return key.export({ format: 'pem', type: key.type === 'private' ? 'pkcs8' : 'spki' }).toString();
}

export function encryptedPem(key: KeyObject, passphrase: string): string {
  return key.export({ format: 'pem', type: 'pkcs8', cipher: 'aes-256-cbc', passphrase }).toString();
}
