/**
 * The ledger's real Durable Object, and a way in: a request goes to the shard that its path begins with, as a Worker of the deployment
 * sends it. `GET /` tells what Workers KV has, `DELETE /?key=…` takes something of it away; `PUT /fault` breaks the binding that the ledger copies to.
 */
import { DurableObject, env } from 'cloudflare:workers';

import { Ledger as Shard } from '../../../crates/worker/build/index.js';

export class Ledger extends DurableObject {
  #shard;

  constructor(ctx, env) {
    super(ctx, env);
    const kv = env.QUASH_DENYLIST;
    const put = async (...args) => {
      if (await kv.get('fault')) throw new Error('KV put failed: 500 Internal Server Error');
      return kv.put(...args);
    };
    const faulty = { get: kv.get.bind(kv), getWithMetadata: kv.getWithMetadata.bind(kv), list: kv.list.bind(kv), delete: kv.delete.bind(kv), put };
    this.#shard = new Shard(ctx, { QUASH_DENYLIST: faulty });
  }

  fetch(request) {
    return this.#shard.fetch(request);
  }

  alarm() {
    return this.#shard.alarm();
  }

  ring() {
    return this.alarm();
  }

  forgetEpoch() {
    this.ctx.storage.sql.exec("DELETE FROM kept WHERE name = 'epoch'");
  }
}

export default {
  async fetch(request) {
    const { pathname, search, searchParams } = new URL(request.url);
    const kv = env.QUASH_DENYLIST;
    if (pathname === '/') {
      if (request.method === 'DELETE') await kv.delete(searchParams.get('key'));
      const keys = [];
      for (let page = { list_complete: false }; !page.list_complete; keys.push(...page.keys)) page = await kv.list({ cursor: page.cursor });
      return Response.json(Object.fromEntries(await Promise.all(keys.map(async ({ name }) => [name, await kv.get(name)]))));
    }
    if (pathname === '/fault') {
      await (request.method === 'PUT' ? kv.put('fault', 'write') : kv.delete('fault'));
      return new Response();
    }
    const shard = env.LEDGER.getByName(`shard-${pathname.split('/')[1]}`);
    if (pathname.endsWith('/alarm')) {
      await shard.ring();
      return new Response();
    }
    if (pathname.endsWith('/epoch')) {
      await shard.forgetEpoch();
      return new Response();
    }
    return shard.fetch(`https://ledger.invalid${pathname}${search}`, { method: request.method, body: request.body });
  },
};
