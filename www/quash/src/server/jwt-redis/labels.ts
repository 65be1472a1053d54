import { TIMEOUT_MS, within } from '../stores/deadline.js';
import { type RedisClient, sender } from '../stores/redis/client.js';

export interface LabelOptions {
  /** What the keys begin with. Default: `jwt_label:`. */
  readonly prefix?: string | undefined;
  /** How long Redis may take, in milliseconds: clients wait for as long as it is away. Default: 3000. */
  readonly timeout?: number | undefined;
}

/**
 * Labels of tokens: a token is good for as long as there is one with its name. Each is a key of its own, `PREFIX NAME` without
 * the space, that says `true` and expires with the token; as jwt-redis 5 to 7 writes and reads them, which may use the same Redis.
 *
 * Any failure rejects with a `StoreError`. Of wrong answers, a label that is told of and not there is the dangerous one: a session
 * lives on that was ended. One that is missed logs out somebody who is not.
 */
export class Labels {
  readonly #ask: (command: string, name: string, ...args: readonly string[]) => Promise<unknown>;

  /** @throws TypeError for what is no client. */
  constructor(client: RedisClient, { prefix = 'jwt_label:', timeout = TIMEOUT_MS }: LabelOptions) {
    const send = sender(client);
    this.#ask = (command, name, ...args) => {
      const key = prefix + name;
      return within(timeout, async (signal) => {
        const answer = await send([command, key, ...args], key, signal);
        // It would pass for a label that is not there.
        if (answer === undefined) throw new TypeError('the client has no promises');
        return answer;
      });
    };
  }

  /** Resolves when it is there: for `ttl` milliseconds, or without one until it is deleted. */
  async set(name: string, ttl?: number): Promise<void> {
    // At once with its expiry, for nobody would mend a label that stays for ever.
    await this.#ask('SET', name, 'true', ...(ttl === undefined ? [] : ['PX', String(ttl)]));
  }

  async has(name: string): Promise<boolean> {
    return Boolean(await this.#ask('GET', name));
  }

  /** Whether there was one. */
  async delete(name: string): Promise<boolean> {
    return Number(await this.#ask('DEL', name)) > 0;
  }
}
