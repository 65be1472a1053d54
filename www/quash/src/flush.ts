import { type RawAnswer, notify } from './notify.js';
import { OUTBOX, readHandle } from './outbox.js';

const FIRST_DELAY_MS = 2000;
const LONGEST_DELAY_MS = 300_000;

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
  if (attempts > 0) {
    // Half of it at random: all who lost the same edge come back at different times.
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (attempts - 1), LONGEST_DELAY_MS);
    timer = setTimeout(flush, (delay * (1 + Math.random())) / 2);
  }
}

async function sendAll(): Promise<boolean> {
  const keys = Object.keys(localStorage).filter((key) => key.startsWith(OUTBOX));
  const sent = await Promise.all(keys.map(send));
  return sent.every(Boolean);
}

/** Is this one settled? Without cookies: by now they may be of another login, which it must not end. */
async function send(key: string): Promise<boolean> {
  const item = readHandle(key);
  const isSettled = !item || isFinal(await notify(item, { handle: item.handle }, 'omit'));
  if (isSettled) localStorage.removeItem(key);
  return isSettled;
}

/** The edge has answered for it; no more can come of asking again. */
function isFinal({ status, body }: RawAnswer): boolean {
  return status === 200 && !!body?.outcome;
}
