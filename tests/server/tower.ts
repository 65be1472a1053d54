/** A server in Rust, as a program that does what it is asked: `crates/tower/examples/interop.rs`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { ROOT } from '../../www/demo/wrangler.ts';

/** `cargo xtask test e2e` builds it and says where; without that, it is `cargo build --package quash-tower --example interop`. */
const PROGRAM = process.env['QUASH_TOWER'] ?? resolve(ROOT, 'target/debug/examples/interop');

export interface Tower extends AsyncDisposable {
  /** `passes`, or the code of the refusal. */
  verify(token: string, strict?: boolean): Promise<string>;
  /** `revoked`, `dead`, or why not. */
  destroy(token: string): Promise<string>;
  destroyAll(target: object): Promise<string>;
}

export interface TowerOptions {
  /** A Unix socket. */
  readonly redis: string;
  readonly config: object;
  readonly secrets: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

export async function startTower({ redis, config, secrets, env }: TowerOptions): Promise<Tower> {
  const program = spawn(PROGRAM, { stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  await once(program, 'spawn');
  const waiting: PromiseWithResolvers<string>[] = [];
  createInterface(program.stdout).on('line', (line) => waiting.shift()?.resolve(line));
  const exit = once(program, 'exit');
  program.on('exit', (code) => {
    for (const { reject } of waiting) reject(new Error(`the program ended with ${code}`));
  });
  const send = (value: unknown) => program.stdin.write(`${JSON.stringify(value)}\n`);
  send({ redis: `redis+unix://${redis}`, config, secrets });
  const ask = (...asked: unknown[]) => {
    const answer = Promise.withResolvers<string>();
    waiting.push(answer);
    send(asked);
    return answer.promise;
  };
  return {
    verify: (token, strict = false) => ask('verify', token, strict),
    destroy: (token) => ask('destroy', token),
    destroyAll: (target) => ask('destroy_all', target),
    [Symbol.asyncDispose]: async () => {
      program.stdin.end();
      await exit;
    },
  };
}
