/** Runs a batch of one case and answers when it is through; `/` is the empty batch. The clock is outside: see `lib.rs`. */
import module from './build/quash_bench.wasm';
import { decode } from './decode.ts';
import token from './token.txt';

const { exports } = new WebAssembly.Instance(module);

const cases = {
  '/': () => true,
  '/jose/decode': (iterations) => decode(token.trim(), iterations),
  '/quash/parse': exports.parse,
  '/quash/id': exports.id,
  '/quash/verdict': exports.verdict,
  '/quash/pipeline': exports.pipeline,
};

export default {
  fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const done = cases[pathname](Number(searchParams.get('iterations')));
    return new Response(null, { status: done ? 204 : 500 });
  },
};
