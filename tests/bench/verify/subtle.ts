/** The signature alone, of bytes that lie ready: what nobody who asks WebCrypto can be faster than. */
import { PARAMETERS, importKeys } from './key.ts';
import type { Setup, Verify } from './peer.ts';
import { bearer, kidOf } from './token.ts';

interface Signed {
  readonly kid: string;
  readonly input: BufferSource;
  readonly signature: BufferSource;
}

export function ready(authorization: string): Signed {
  const token = bearer(authorization);
  const dot = token.lastIndexOf('.');
  const signature = atob(token.slice(dot + 1).replaceAll('-', '+').replaceAll('_', '/'));
  return {
    kid: kidOf(token),
    input: new TextEncoder().encode(token.slice(0, dot)),
    signature: Uint8Array.from(signature, (char) => char.charCodeAt(0)),
  };
}

export async function prepare(setup: Setup): Promise<Verify<Signed, boolean>> {
  const keys = await importKeys(setup);
  const parameters = PARAMETERS[setup.alg];
  return ({ kid, input, signature }) => crypto.subtle.verify(parameters, keys.get(kid)!.key, signature, input);
}
