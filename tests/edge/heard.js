/**
 * The Worker as it is deployed, whose isolate keeps what is said and written there, and tells at `/~heard`: lines of the log, data
 * points, and what was written to Workers KV, to the ledger and to the data centre's cache.
 *
 * Imported before the Worker, so that it starts with what is wrapped here.
 */
import { env } from 'cloudflare:workers';

import { listen } from './asked.js';

const log = [];
const points = [];
const writes = [];

for (const kind of ['error', 'warn', 'log']) {
  const real = console[kind].bind(console);
  console[kind] = (...args) => {
    log.push(args.join(' '));
    real(...args);
  };
}

const { QUASH_DENYLIST: kv, EVENTS: events } = env;
for (const method of ['put', 'delete']) {
  const real = kv[method].bind(kv);
  kv[method] = (...args) => {
    writes.push(`kv ${method} ${args[0]}`);
    return real(...args);
  };
}
if (events) {
  env.EVENTS = {
    // It fails each time: that keeps nobody from an answer.
    writeDataPoint(point) {
      points.push(point);
      throw new Error('a data set that fails');
    },
  };
}

const { put } = Cache.prototype;
Cache.prototype.put = function (request, response) {
  const url = typeof request === 'string' ? request : request.url;
  writes.push(`cache ${new URL(url).pathname}`);
  return put.call(this, request, response);
};

// What changes a shard of the ledger, or one of the objects beside it: whatever does not only read.
const READS = /\/(head|pages\/\d+|segments\/\d+\/\d+|look-up|list|audit)$/;
listen((url) => {
  const { pathname } = new URL(url);
  if (!READS.test(pathname)) writes.push(`ledger ${pathname}`);
});

const isAsked = ({ url }) => new URL(url).pathname === '/~heard';
const told = () => Response.json({ log, points, writes });

/** The Worker that tells, too: an object, or a class as those in Rust are. */
export function telling(Worker) {
  if (typeof Worker !== 'function') {
    return { fetch: (request, ...rest) => (isAsked(request) ? told() : Worker.fetch(request, ...rest)) };
  }
  return class extends Worker {
    fetch(request) {
      return isAsked(request) ? told() : super.fetch(request);
    }
  };
}
