/** As deployed, it has revoked nothing when it starts. */
import module from '../../../crates/js/build/quash_engine.wasm';
import { Judge } from '../../../crates/js/host/judge.ts';
import { bindings } from '../verify/quash-bindings.ts';
import { verifierBy } from '../verify/quash.ts';
import { guard } from './guard.ts';

export default guard({
  prepare: async (setup, { KV }) => verifierBy(new Judge(module, { KV, ...bindings(setup) })),
});
