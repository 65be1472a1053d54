/**
 * In front of two isolates of the same Worker: a path that begins with `/~other` is for the second. One that begins with `/~ledger` is
 * for the shard whose number comes next, as Workers ask it; `/~ledger/0/calls` tells how often they did.
 */
export default {
  fetch(request, env) {
    const [, path] = /^https?:\/\/[^/]+\/~ledger\/(.*)/.exec(request.url) ?? [];
    if (path) {
      const shard = env.QUASH_LEDGER.getByName(`shard-${parseInt(path)}`);
      return shard.fetch(new Request(`https://ledger.invalid/${path}`, request));
    }
    const url = request.url.replace(/^(https?:\/\/[^/]+)\/~other/, '$1');
    return url === request.url ? env.quash.fetch(request) : env.other.fetch(new Request(url, request));
  },
};
