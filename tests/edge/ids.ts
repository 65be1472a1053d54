/** The keys of the denylist, made from their definition in docs/denylist.md and not by anything of ours. */
import { createHash, createHmac } from 'node:crypto';

import { PEPPER } from './server.ts';
import { ISSUER } from './tokens.ts';

const KINDS = { jti: 1, signingInput: 2, session: 3, subject: 4 } as const;

export function keyOf(kind: keyof typeof KINDS, value: string | Buffer): string {
  const fields = [ISSUER, value, ''].flatMap((field) => {
    const bytes = Buffer.from(field);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    return [length, bytes];
  });
  const encoded = Buffer.concat([Buffer.from('quash/target/v1\0'), Buffer.of(KINDS[kind]), ...fields]);
  return `r1/${createHmac('sha256', PEPPER).update(encoded).digest('hex').slice(0, 32)}`;
}

/** The key of a token without a `jti`. */
export function keyOfSigningInput(token: string): string {
  const signingInput = token.slice(0, token.lastIndexOf('.'));
  return keyOf('signingInput', createHash('sha256').update(signingInput).digest());
}
