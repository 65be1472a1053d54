import type { Mint } from '../mint.ts';
import { UNGUARDED } from './cases.ts';

/** @throws Error when the Worker refuses a good token, or answers without one though it is to guard. */
export async function checkAnswers(url: string, name: string, mint: Mint): Promise<void> {
  const expect = async (status: number, what: string, Authorization: string): Promise<void> => {
    const answer = await fetch(url, { headers: { Authorization } });
    if (answer.status !== status) throw new Error(`${name} answers ${answer.status} to ${what}: ${await answer.text()}`);
    if (status === 200 && (await answer.text()) !== 'ok') throw new Error(`${name} does not answer ok`);
  };
  for (const header of mint.headers(3)) await expect(200, 'a good token', header);
  const refused = UNGUARDED.includes(name) ? 200 : 401;
  const [good = ''] = mint.headers(1);
  await expect(refused, 'no token', '');
  await expect(refused, 'a token that expired', mint.headers(1, { exp: 1_700_000_000 })[0]!);
  await expect(refused, 'a token with another signature', good.slice(0, -20) + good.slice(-20).split('').reverse().join(''));
}
