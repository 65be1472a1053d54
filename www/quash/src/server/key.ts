import { createPrivateKey, createPublicKey, createSecretKey, KeyObject, type JsonWebKey } from 'node:crypto';

import { decodeBase64url } from './base64url.js';
import { BoundedMap } from './bounded-map.js';

/** A JSON Web Key (RFC 7517 section 4). Only its key is read, not what it is said to be for (`alg`, `use`, `key_ops`). */
export interface Jwk extends JsonWebKey {
  kty: string;
}

/** A secret, or a key as PEM; a string that is no PEM is a secret in UTF-8. */
export type Secret = string | Buffer | Uint8Array | KeyObject | Jwk | { key: string | Buffer; passphrase: string };

export type PrivateKey = Parameters<typeof createPrivateKey>[0] | Jwk;

export type PublicKey = Parameters<typeof createPublicKey>[0] | Jwk;

/** What a key is made of. */
type Material = Parameters<typeof createPrivateKey>[0] & Parameters<typeof createPublicKey>[0];

/** Keys that are strings are read once: so many PEMs of 3 KiB (RSA of 4096 bits), and as much for OpenSSL, are 1.5 MiB. */
const REMEMBERED = 256;

/** How every PEM begins (RFC 7468 section 2). */
const PEM = '-----BEGIN ';

const rememberedForSigning = new BoundedMap<KeyObject>(REMEMBERED);
const rememberedForVerifying = new BoundedMap<KeyObject>(REMEMBERED);

/**
 * The key to sign with: a secret key or a private one, or else the public one that was meant for it. `undefined` if it cannot be
 * read: a PEM never is the secret that its letters would be, since those of a public key are known to everybody.
 */
export function readSigningKey(input: unknown): KeyObject | undefined {
  return read(input, rememberedForSigning, createSigningKey);
}

/** The key to verify with: a secret key or a public one, also of a private key or a certificate. `undefined` as above. */
export function readVerificationKey(input: unknown): KeyObject | undefined {
  return read(input, rememberedForVerifying, createVerificationKey);
}

function createSigningKey(material: Material): KeyObject | undefined {
  return attempt(() => createPrivateKey(material)) ?? createVerificationKey(material);
}

function createVerificationKey(material: Material): KeyObject | undefined {
  return attempt(() => createPublicKey(material));
}

type Create = (material: Material) => KeyObject | undefined;

function read(input: unknown, remembered: BoundedMap<KeyObject>, create: Create): KeyObject | undefined {
  if (input instanceof KeyObject) return input;
  if (typeof input !== 'string') return readAnew(input, create);
  const known = remembered.get(input);
  if (known) return known;
  const key = readAnew(input, create);
  if (key) remembered.set(input, key);
  return key;
}

function readAnew(input: unknown, create: Create): KeyObject | undefined {
  if (typeof input === 'string' || isBytes(input)) {
    const bytes = toBuffer(input);
    return bytes.includes(PEM) ? create(bytes) : createSecretKey(bytes);
  }
  if (!isJwk(input)) return create(input as Material);
  if (input.kty !== 'oct') return create({ key: input, format: 'jwk' });
  const secret = typeof input.k === 'string' ? decodeBase64url(input.k) : undefined;
  return secret && createSecretKey(secret);
}

function isBytes(input: unknown): input is ArrayBuffer | ArrayBufferView {
  return input instanceof ArrayBuffer || ArrayBuffer.isView(input);
}

function isJwk(input: unknown): input is Jwk {
  return typeof input === 'object' && input !== null && 'kty' in input;
}

function toBuffer(input: string | ArrayBuffer | ArrayBufferView): Buffer {
  if (typeof input === 'string') return Buffer.from(input);
  return ArrayBuffer.isView(input) ? Buffer.from(input.buffer, input.byteOffset, input.byteLength) : Buffer.from(input);
}

function attempt(create: () => KeyObject): KeyObject | undefined {
  try {
    return create();
  } catch {
    return undefined;
  }
}
