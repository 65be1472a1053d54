/** jwt-redis and what takes its place, as JavaScript sees them, which checks no types; and what they do to one Redis. */
import jwtRedis from 'jwt-redis';
import * as quash from 'quash/jwt-redis';
import * as redis4 from 'redis4';

import { type RedisServer, startRedis } from './stores/redis-server.ts';

export interface Jwtr {
  sign(...args: unknown[]): Promise<string>;
  verify(...args: unknown[]): Promise<Record<string, unknown>>;
  destroy(...args: unknown[]): Promise<boolean>;
  decode(...args: unknown[]): unknown;
}

export interface Library {
  readonly default: new (...args: unknown[]) => Jwtr;
  readonly [error: string]: unknown;
}

export const THEIRS = jwtRedis as unknown as Library;
export const OURS = quash as unknown as Library;

export const SECRET = 'a secret of thirty-two bytes or more';

/** A label, and when it expires, in milliseconds since the epoch; -1 where it does not. */
export type Label = readonly [key: string, value: string, expiresAt: number];

export interface World extends AsyncDisposable {
  readonly server: RedisServer;
  /** Of node-redis 4, the one that jwt-redis is for. */
  readonly client: ReturnType<typeof redis4.createClient>;
  readonly theirs: Jwtr;
  readonly ours: Jwtr;
  labels(): Promise<Label[]>;
}

/** Both on the same Redis, over the same connection. */
export async function startWorld(...args: string[]): Promise<World> {
  const server = await startRedis(...args);
  const client = redis4.createClient({ socket: { path: server.socket, tls: false } });
  client.on('error', () => {});
  await client.connect();
  return {
    server,
    client,
    theirs: new THEIRS.default(client),
    ours: new OURS.default(client, { timeout: 60_000 }),
    labels: async () => {
      const keys = (await client.keys('*')).sort();
      return Promise.all(keys.map(async (key) => [key, (await client.get(key))!, await client.pExpireTime(key)] as const));
    },
    [Symbol.asyncDispose]: async () => {
      await client.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}

export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}

/** What a call came to, with all of an error that a program may look at. */
export async function outcomeOf(call: () => unknown): Promise<unknown> {
  try {
    return { value: await call() };
  } catch (error) {
    return { error: { ...(error as Error), message: (error as Error).message, kinds: kindsOf(Object.getPrototypeOf(error)) } };
  }
}

/** The names of the classes of an error, the nearest first. */
export function kindsOf(prototype: { constructor: { name: string } } | null): string[] {
  return prototype === null ? [] : [prototype.constructor.name, ...kindsOf(Object.getPrototypeOf(prototype))];
}
