import { backoff } from './backoff.js';
import { OUTBOX, readHandle } from './outbox.js';
import { send } from './send.js';

let attempts = 0;
let timer: ReturnType<typeof setTimeout> | undefined;

/** Sends what is in the outbox, in one tab at a time, and again until the edge has confirmed all of it. */
export async function flush(): Promise<void> {
  clearTimeout(timer);
  try {
    // Where there are no locks two tabs may send the same, which does no harm.
    const locks: LockManager | undefined = navigator.locks;
    const isEmpty = await (locks ? locks.request('quash:outbox', sendAll) : sendAll());
    attempts = isEmpty ? 0 : attempts + 1;
  } catch {
    // Storage or locks are denied: then nothing is in it.
    attempts = 0;
  }
  if (attempts > 0) timer = setTimeout(flush, backoff(attempts));
}

async function sendAll(): Promise<boolean> {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(OUTBOX));
  const sent = await Promise.all(keys.map(settle));
  return sent.every(Boolean);
}

async function settle(key: string): Promise<boolean> {
  const handle = readHandle(key);
  const isSettled = !handle || (await send(handle));
  if (isSettled) localStorage.removeItem(key);
  return isSettled;
}
