/** The ledger of a deployment, which other Workers are bound to. */
// @ts-expect-error It is built, and has no types.
export { Ledger } from '../../../crates/worker/build/index.js';

export default {};
