/** Keys of the denylist for the tokens of these tests. */
import { createHash } from 'node:crypto';

import { type Kind, idOf } from '../vectors/ids.ts';
import { PEPPER } from './server.ts';
import { ISSUER } from './tokens.ts';

export function keyOf(kind: Kind, value: string | Buffer | readonly [name: string, value: string]): string {
  const fields = typeof value === 'string' || Buffer.isBuffer(value) ? [value] : value;
  return `r1/${idOf(PEPPER, ISSUER, kind, fields.map((field) => Buffer.from(field as string)))}`;
}

/** The key of a token without a `jti`. */
export function keyOfSigningInput(token: string): string {
  const signingInput = token.slice(0, token.lastIndexOf('.'));
  return keyOf('signing_input', createHash('sha256').update(signingInput).digest());
}
