/** A verification that lets everything through would be the fastest. */
import type { Mint } from '../mint.ts';
import type { Algorithm } from './peer.ts';

/**
 * @param name `PEER/ALG`.
 * @throws Error when the peer refuses a good token, or takes a bad one.
 */
export async function checkRefusals(url: string, name: string, mints: Record<Algorithm, Mint>): Promise<void> {
  const [peer, alg] = name.split('/') as [string, Algorithm];
  const expect = async (status: number, what: string, header: string): Promise<void> => {
    const answer = await fetch(`${url}/${name}`, { headers: { Authorization: header } });
    if (answer.status !== status) throw new Error(`${name} answers ${answer.status} to ${what}: ${await answer.text()}`);
  };
  const mint = mints[alg];
  // One of each issuer.
  for (const header of mint.headers(3)) {
    await expect(204, 'a good token', header);
    await expect(401, 'a token with another signature', tampered(header, 2));
    await expect(401, 'a token with other claims', tampered(header, 1));
  }
  // It checks nothing but the signature.
  if (peer === 'subtle') return;
  for (const claims of [{ exp: 1_700_000_000 }, { exp: undefined }, { iss: 'https://evil.example' }, { aud: ['other'] }]) {
    await expect(401, `a token with ${JSON.stringify(claims)}`, mint.headers(1, claims)[0]!);
  }
  // Signed by the first issuer in the name of the second.
  await expect(401, 'a token with the key of another issuer', mint.headers(1, { iss: mint.setup.issuers[1]!.issuer })[0]!);
}

/** With another character in the middle of one of its segments. */
function tampered(header: string, segment: number): string {
  const segments = header.split('.');
  const text = segments[segment]!;
  const at = text.length >> 1;
  segments[segment] = text.slice(0, at) + (text[at] === 'A' ? 'B' : 'A') + text.slice(at + 1);
  return segments.join('.');
}
