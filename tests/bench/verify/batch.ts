/** A batch, in workerd and in Node alike. */
import type { Env, Peer, Setup, Verify } from './peer.ts';

export interface Prepared {
  readonly verify: Verify<unknown>;
  readonly ready: (authorization: string) => unknown;
}

export async function prepared({ prepare, ready }: Peer<any>, setup: Setup, env: Env): Promise<Prepared> {
  return { verify: await prepare(setup, env), ready: ready ?? ((authorization) => authorization) };
}

/**
 * As many inputs as are wanted, from a JSON array of headers that is read again and again: each is a string of its own, as with
 * real requests, whose hash nobody has computed yet and which is equal to another one, but never the same.
 */
export function inputs(json: string, count: number, { ready }: Prepared): unknown[] {
  const inputs: unknown[] = [];
  while (inputs.length < count) {
    for (const header of (JSON.parse(json) as string[]).slice(0, count - inputs.length)) inputs.push(ready(header));
  }
  return inputs;
}

/** @throws Error when one is refused: that would pass for speed. */
export async function verifyAll(inputs: readonly unknown[], verify: Verify<unknown>): Promise<void> {
  for (const input of inputs) {
    const verdict = verify(input);
    if (!(verdict instanceof Promise ? await verdict : verdict)) throw new Error('a good token is refused');
  }
}
