import { attempt } from '../attempt.js';
import type { WipeOptions } from '../options.js';
import type { Effect } from '../report.js';

/**
 * Asks this origin's service workers to forget, with `{ type: 'quash:logout', epoch }` and a port on which they answer once they
 * have. (Unregistering one would not stop it.)
 */
export async function tellWorkers(options: WipeOptions, epoch: string): Promise<Effect[]> {
  if (!options.serviceWorker) return [];
  const effect = await attempt('serviceWorker', '*', async () => {
    const registrations = await navigator.serviceWorker.getRegistrations();
    const workers = registrations.flatMap(({ active }) => active ?? []);
    await Promise.all(workers.map((worker) => tell(worker, epoch)));
    return workers.length > 0 && workers.length;
  });
  return [effect];
}

function tell(worker: ServiceWorker, epoch: string): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage({ type: 'quash:logout', epoch }, [port2]);
  return new Promise((resolve) => (port1.onmessage = resolve));
}
