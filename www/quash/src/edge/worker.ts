/**
 * The Quash Worker, in front of the origin that its configuration names: what is deployed where nothing is written.
 *
 * ```js
 * export { default, Endpoints, Ledger } from 'quash/worker';
 * ```
 */
import { env } from 'cloudflare:workers';

import { answer } from './endpoints.js';
import { Origin } from './origin.js';
import type { Sender } from './passed-on.js';
import { type Bindings, type Context, message } from './platform.js';
import { start } from './start.js';

export { Endpoints } from './entrypoint.js';
export { Ledger } from './ledger-object.js';

let origin: Origin;
const gate = start(({ settings }) => {
  origin = new Origin(settings.origin, env);
});

export default {
  fetch(request: Request, bindings: Bindings, context: Context): Promise<Response> {
    return gate.fetch(request, context, { next: forward, endpoints: (request) => answer(request, bindings, context, gate) });
  },
};

async function forward(request: Request, sender: Sender): Promise<Response> {
  try {
    return await origin.forward(request, sender);
  } catch (error) {
    console.error(`quash: the origin did not answer: ${message(error)}`);
    return gate.originFailed();
  }
}
