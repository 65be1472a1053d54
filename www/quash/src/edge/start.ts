import { env } from 'cloudflare:workers';

import module from '../../wasm-engine/quash_engine.wasm';
import { Gate } from './gate.js';
import { message } from './platform.js';

let started: Gate | undefined;

/**
 * The isolate's gate. There is one, whoever asks for it: it knows what was revoked here.
 *
 * A wrong configuration must never get as far as a request: thrown in a Worker's global scope, `wrangler deploy` fails with this
 * message, and the version before goes on serving.
 *
 * @param check Throws Error with what else is wrong with it.
 * @throws Error with what is wrong with the configuration.
 */
export function start(check: (gate: Gate) => void): Gate {
  try {
    started ??= new Gate(module, env);
    check(started);
    return started;
  } catch (error) {
    throw new Error(`quash: the configuration is wrong: ${message(error)}`);
  }
}
