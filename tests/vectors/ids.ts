/** Ids of revocations, made from their definition in docs/denylist.md and not by anything of ours. */
import { createHmac } from 'node:crypto';

const KINDS = {
  token_id: 1,
  signing_input: 2,
  session: 3,
  subject: 4,
  client: 5,
  key: 6,
  claim: 7,
  everything: 8,
} as const;

export type Kind = keyof typeof KINDS;

export function idOf(pepper: string | Buffer, issuer: string, kind: Kind, fields: readonly Buffer[]): string {
  const [first = Buffer.of(), second] = fields;
  const encoded: Buffer[] = [Buffer.of(KINDS[kind])];
  if (second !== undefined) {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(first.length);
    encoded.push(length);
  }
  encoded.push(first, second ?? Buffer.of());
  const key = createHmac('sha256', pepper).update(`quash/issuer/v1\0${issuer}`).digest();
  const mac = createHmac('sha256', key).update(Buffer.concat(encoded)).digest('hex');
  return mac.slice(0, 31) + KINDS[kind].toString(16);
}
