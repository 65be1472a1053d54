/** The ledger's real Durable Object, without anything around it: a request goes to the shard that its path begins with. */
export { Ledger } from '../../../crates/worker/build/index.js';

export default {
  fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    const shard = env.LEDGER.getByName(`shard-${pathname.split('/')[1]}`);
    return shard.fetch(`https://ledger.invalid${pathname}${search}`, { method: request.method, body: request.body });
  },
};
