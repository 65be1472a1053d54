/** The ledger of a deployment that has had it for long, which other Workers are bound to. */
// @ts-expect-error It is built, and has no types.
import { Ledger as Real } from '../../../crates/worker/build/index.js';
// @ts-expect-error It is JavaScript.
import { age } from '../../edge/aged-ledger.js';

export class Ledger extends Real {
  constructor(ctx: unknown, env: unknown) {
    super(ctx, env);
    age(ctx);
  }
}

export default {};
