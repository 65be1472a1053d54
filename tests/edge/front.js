/**
 * In front of two isolates of the same Worker: a path that begins with `/~other` is for the second. `/~calls` tells how often the
 * ledger was asked.
 */
export default {
  fetch(request, env) {
    const url = request.url.replace(/^(https?:\/\/[^/]+)\/~other/, '$1');
    if (url.endsWith('/~calls')) return env.QUASH_LEDGER.getByName('shard-0').fetch('https://ledger.invalid/calls');
    return url === request.url ? env.quash.fetch(request) : env.other.fetch(new Request(url, request));
  },
};
