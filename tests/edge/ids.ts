/** Keys of the denylist for the tokens of these tests. */
import { createHash } from 'node:crypto';

import { type Kind, idOf } from '../vectors/ids.ts';
import { PEPPER } from './server.ts';
import { ISSUER } from './tokens.ts';

export function keyOf(kind: Kind, value: string | Buffer): string {
  return `r1/${idOf(PEPPER, ISSUER, kind, [Buffer.from(value)])}`;
}

/** The key of a token without a `jti`. */
export function keyOfSigningInput(token: string): string {
  const signingInput = token.slice(0, token.lastIndexOf('.'));
  return keyOf('signing_input', createHash('sha256').update(signingInput).digest());
}
