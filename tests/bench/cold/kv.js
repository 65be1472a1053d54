/** Workers KV that holds nothing, called as a service: a KV binding cannot be handed to a Worker that is loaded. */
import { WorkerEntrypoint } from 'cloudflare:workers';

export default class extends WorkerEntrypoint {
  get() {
    return null;
  }
}
