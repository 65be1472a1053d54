import { attempt } from '../attempt.js';
import type { WipeOptions } from '../options.js';
import type { Handle } from '../outbox.js';
import type { Effect } from '../report.js';
import type { LogoutMessage, SettledMessage } from '../service-worker.js';

/**
 * Asks this origin's service workers to forget, and waits until they say that they have. (Unregistering one would not stop it.)
 * `queued` is for them to send, should this page not live to do it.
 */
export async function tellWorkers({ serviceWorker }: WipeOptions, epoch: string, queued: Handle | undefined): Promise<Effect[]> {
  if (!serviceWorker) return [];
  const effect = await attempt('serviceWorker', '*', async () => {
    const told = await Promise.all((await workers()).map((worker) => tell(worker, { type: 'quash:logout', epoch, queued })));
    return told.length > 0 && told.length;
  });
  return [effect];
}

/** The edge has confirmed: nothing is left for them to send. */
export async function settleWorkers({ serviceWorker }: WipeOptions, epoch: string): Promise<void> {
  if (!serviceWorker) return;
  const message: SettledMessage = { type: 'quash:settled', epoch };
  for (const worker of await workers()) worker.postMessage(message);
}

async function workers(): Promise<ServiceWorker[]> {
  const registrations = await navigator.serviceWorker.getRegistrations();
  return registrations.flatMap(({ active }) => active ?? []);
}

function tell(worker: ServiceWorker, message: LogoutMessage): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  worker.postMessage(message, [port2]);
  return new Promise((resolve) => (port1.onmessage = resolve));
}
