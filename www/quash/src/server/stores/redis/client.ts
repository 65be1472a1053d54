/** ioredis, of one server or of a cluster: it finds the server by the command's keys. */
export interface IoRedisClient {
  call(command: string, args: string[]): Promise<unknown>;
}

/** node-redis, of one server. */
export interface NodeRedisClient {
  sendCommand(command: string[], options?: Abortable): Promise<unknown>;
}

/** node-redis, of a cluster. */
export interface NodeRedisCluster {
  readonly masters: readonly unknown[];
  sendCommand(firstKey: string, isReadonly: boolean, command: string[], options?: Abortable): Promise<unknown>;
}

/** node-redis 3, of one server. */
export interface CallbackRedisClient {
  send_command(command: string, args: string[], callback: (error: Error | null, answer: unknown) => void): unknown;
}

/** Of node-redis 5 and later. The 4 has it as `signal`, and breaks its own queue when that comes after the command was sent. */
export interface Abortable {
  abortSignal?: AbortSignal;
  signal?: never;
}

/** A client of ioredis 5 or node-redis 3, or of a later one, that is connected or connects by itself. */
export type RedisClient = IoRedisClient | NodeRedisClient | NodeRedisCluster | CallbackRedisClient;

/** Sends a command, whose first key is `key`, to a server that takes writes: another one may be behind. */
export type Send = (command: readonly [name: string, ...args: string[]], key: string, signal: AbortSignal) => Promise<unknown>;

/**
 * How `client` sends a command. Clients keep commands for as long as they are offline, so each is taken back where that is possible.
 *
 * @throws TypeError for what is no client.
 */
export function sender(client: RedisClient): Send {
  if (typeof client !== 'object' || client === null) throw new TypeError(NO_CLIENT);
  // It has `sendCommand` too, of another kind. So has node-redis 3.
  if ('call' in client) return ([name, ...args]) => client.call(name, args);
  if ('send_command' in client) return ([name, ...args]) => promised((callback) => client.send_command(name, args, callback));
  if ('masters' in client) return (command, key, abortSignal) => client.sendCommand(key, false, [...command], { abortSignal });
  if (isLegacy(client)) return sender(client.v4);
  if ('sendCommand' in client) return (command, _key, abortSignal) => client.sendCommand([...command], { abortSignal });
  throw new TypeError(NO_CLIENT);
}

const NO_CLIENT = 'a client of node-redis or ioredis is needed';

/** node-redis 4 in the `legacyMode` that has callbacks, and the client with promises besides. */
function isLegacy(client: object): client is { readonly v4: NodeRedisClient } {
  return (client as { options?: { legacyMode?: boolean } }).options?.legacyMode === true;
}

function promised(work: (callback: (error: Error | null, answer: unknown) => void) => void): Promise<unknown> {
  return new Promise((resolve, reject) => work((error, answer) => (error ? reject(error) : resolve(answer))));
}
