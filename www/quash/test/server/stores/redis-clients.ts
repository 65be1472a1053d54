/** The clients that the Redis store is for, as their users make them. */
import * as ioredis5 from 'ioredis5';
import * as ioredis6 from 'ioredis6';
import { type Log, type RedisClient, type RedisOptions, type Store, redis } from 'quash/redis';
import * as redis3 from 'redis3';
import * as redis4 from 'redis4';
import * as redis5 from 'redis5';
import * as redis6 from 'redis6';

export interface Connected extends AsyncDisposable {
  readonly client: RedisClient;
}

/** A store as a process of a server's has it, with a connection of its own. */
export interface OpenStore extends Store, AsyncDisposable {
  readonly log: Log;
}

/** Opens a store over a server, by the path of its Unix socket. */
export type Open = (socket: string, options?: RedisOptions) => Promise<OpenStore>;

/** Each connects to a Unix socket. */
export const CLIENTS: Readonly<Record<string, (socket: string) => Promise<Connected>>> = {
  'node-redis 3': async (path) => {
    const client = quiet(redis3.createClient({ path }));
    return connected(client, () => client.end(true));
  },
  'node-redis 4': async (path) => {
    const client = await quiet(redis4.createClient({ socket: { path, tls: false } })).connect();
    return connected(client, () => client.disconnect());
  },
  'node-redis 4 in legacyMode': async (path) => {
    const client = quiet(redis4.createClient({ legacyMode: true, socket: { path, tls: false } }));
    await client.connect();
    return connected(client, () => client.disconnect());
  },
  'node-redis 5': async (path) => {
    const client = await quiet(redis5.createClient({ socket: { path, tls: false } })).connect();
    return connected(client, () => client.destroy());
  },
  'node-redis 6': async (path) => {
    const client = await quiet(redis6.createClient({ socket: { path, tls: false } })).connect();
    return connected(client, () => client.destroy());
  },
  'ioredis 5': async (path) => {
    const client = quiet(new ioredis5.Redis(path));
    return connected(client, () => client.disconnect());
  },
  'ioredis 6': async (path) => {
    const client = quiet(new ioredis6.Redis(path));
    return connected(client, () => client.disconnect());
  },
};

/** Each connects to a cluster that has masters at these ports. */
export const CLUSTER_CLIENTS: Readonly<Record<string, (ports: readonly number[]) => Promise<Connected>>> = {
  'node-redis 4': async (ports) => {
    const client = quiet(redis4.createCluster({ rootNodes: urls(ports) }));
    await client.connect();
    return connected(client, () => client.disconnect());
  },
  'node-redis 5': async (ports) => {
    const client = await quiet(redis5.createCluster({ rootNodes: urls(ports) })).connect();
    return connected(client, () => client.destroy());
  },
  'node-redis 6': async (ports) => {
    const client = await quiet(redis6.createCluster({ rootNodes: urls(ports) })).connect();
    return connected(client, () => client.destroy());
  },
  'ioredis 5': async (ports) => {
    const client = quiet(new ioredis5.Cluster(nodes(ports)));
    return connected(client, () => client.disconnect());
  },
  'ioredis 6': async (ports) => {
    const client = quiet(new ioredis6.Cluster(nodes(ports)));
    return connected(client, () => client.disconnect());
  },
};

/** The one for tests in which it does not matter. */
export async function connect(socket: string): Promise<Connected> {
  const client = quiet(new ioredis5.Redis(socket));
  return connected(client, () => client.disconnect());
}

/** Opens stores with connections of a client's. */
export function openBy(connect: (socket: string) => Promise<Connected>): Open {
  return async (socket, options) => {
    const { client, ...connected } = await connect(socket);
    const { log, ...store } = redis(client, options);
    return { ...store, log: log!, ...connected };
  };
}

const urls = (ports: readonly number[]) => ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
const nodes = (ports: readonly number[]) => ports.map((port) => ({ host: '127.0.0.1', port }));

function connected(client: RedisClient, close: () => unknown): Connected {
  return { client, [Symbol.asyncDispose]: async () => void (await close()) };
}

/** An outage is an `error` event, which ends a process that does not listen. */
function quiet<T extends { on(event: 'error', listener: () => void): unknown }>(client: T): T {
  client.on('error', () => {});
  return client;
}
