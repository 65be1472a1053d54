import Worker from './build/index.js';

// A wrong configuration must never get as far as a request: thrown here, `wrangler deploy` fails with this message, and the
// version before goes on serving. Thrown by the wasm itself, the message would be lost.
const refusal = Worker.prototype.refusal();
if (refusal) throw new Error(refusal);

export default Worker;
