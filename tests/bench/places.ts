/** Where the cases run. Each place tells how long a batch takes there, in nanoseconds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

import { decode } from './decode.ts';
import { quantile } from './rounds.ts';

/** A program that answers each line `CASE ITERATIONS` with the nanoseconds of that batch. */
export interface Program {
  time(name: string, iterations: number): Promise<number>;
  stop(): void;
}

/** @throws Error when it cannot be started. */
export async function startProgram(file: string): Promise<Program> {
  const child = spawn(file, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(child, 'spawn');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    time: async (name, iterations) => {
      child.stdin.write(`${name} ${iterations}\n`);
      const answer = await answers.next();
      if (answer.done) throw new Error(`${file} ended by itself`);
      return Number(answer.value);
    },
    stop: () => child.stdin.end(),
  };
}

/** `jose` in this process. */
export function timeHere(token: string, iterations: number): number {
  const start = process.hrtime.bigint();
  if (!decode(token, iterations)) throw new Error('jose does not decode the token');
  return Number(process.hrtime.bigint() - start);
}

/**
 * A Worker behind HTTP, timed from outside: its own clock stands still while it computes. What HTTP takes is what an empty
 * batch takes. One is sent before each batch, and the median of all so far is subtracted, so that a single slow one does not
 * make a case look fast.
 */
export function timeOverHttp(url: string): (name: string, iterations: number) => Promise<number> {
  const empty: number[] = [];
  const request = async (path: string): Promise<number> => {
    const start = process.hrtime.bigint();
    const answer = await fetch(url + path);
    const ns = Number(process.hrtime.bigint() - start);
    if (!answer.ok) throw new Error(`${path} answers ${answer.status}: ${await answer.text()}`);
    return ns;
  };
  return async (name, iterations) => {
    empty.push(await request('/'));
    return (await request(`/${name}?iterations=${iterations}`)) - quantile(empty, 0.5);
  };
}
