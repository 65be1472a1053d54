/** The gate's judge, in a Worker that answers by itself. */
import module from '../../../www/quash/wasm-engine/quash_engine.wasm';
import { Judge } from '../../../www/quash/dist/edge/judge.js';
import type { Env } from '../verify/peer.ts';
import { type Mode, bindings } from '../verify/quash-bindings.ts';
import { verifierBy } from '../verify/quash.ts';
import { guard } from './guard.ts';

export default guard({
  prepare: async (setup, env: Env & { readonly MODE: Mode }) => {
    const { KV, QUASH_LEDGER, MODE } = env;
    return verifierBy(new Judge(module, { KV, QUASH_LEDGER, ...bindings(setup, MODE) }));
  },
});
