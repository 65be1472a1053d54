import type { Engine } from './engine.js';

interface Imported {
  readonly key: CryptoKey;
  readonly algorithm: AlgorithmIdentifier;
}

/** A key as the engine tells about it; see `texts.rs`. */
interface Filed {
  readonly format: 'jwk' | 'spki';
  readonly key: JsonWebKey & number[];
  readonly algorithm: AlgorithmIdentifier & EcKeyImportParams;
}

/** A public key that WebCrypto does not take. */
export class KeyError extends Error {
  readonly number: number;

  constructor(number: number, cause: unknown) {
    super(String(cause));
    this.number = number;
  }
}

/** The engine's public keys, each imported when it is first needed and then kept: an import costs more than a verification. */
export class Signatures {
  readonly #imported = new Map<number, Imported>();

  /**
   * Whether the signature that the engine has asked about is right.
   *
   * @throws KeyError, or what WebCrypto throws at a signature that it cannot read.
   */
  check(engine: Engine): Promise<boolean> {
    const imported = this.#imported.get(engine.key);
    if (imported) return verify(imported, engine.signature, engine.signingInput);
    // Copies: an import takes its time, and the engine's memory moves on.
    return this.#importFirst(engine, engine.key, engine.signature.slice(), engine.signingInput.slice());
  }

  async #importFirst(engine: Engine, number: number, signature: BufferSource, data: BufferSource): Promise<boolean> {
    // Withdrawn since the engine has asked, so the answer does not matter.
    if (!engine.hasKey(number)) return false;
    const imported = await importKey(JSON.parse(engine.text) as Filed).catch((cause: unknown) => {
      throw new KeyError(number, cause);
    });
    for (const other of this.#imported.keys()) if (!engine.hasKey(other)) this.#imported.delete(other);
    this.#imported.set(number, imported);
    return verify(imported, signature, data);
  }
}

async function importKey({ format, key, algorithm }: Filed): Promise<Imported> {
  const material = format === 'jwk' ? key : Uint8Array.from(key);
  // The DOM's types want one of two signatures.
  return { key: await crypto.subtle.importKey(format as 'jwk', material as JsonWebKey, algorithm, false, ['verify']), algorithm };
}

function verify({ key, algorithm }: Imported, signature: BufferSource, data: BufferSource): Promise<boolean> {
  return crypto.subtle.verify(algorithm, key, signature, data);
}
