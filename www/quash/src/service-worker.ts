import { backoff } from './backoff.js';
import type { Handle } from './outbox.js';
import { send } from './send.js';

/** What pages send to this origin's service workers at a logout, with a port for the answer. */
export interface LogoutMessage {
  readonly type: 'quash:logout';
  /** Names the logout: the same string in every tab. */
  readonly epoch: string;
  /** What the edge has yet to be told, in case that no page lives long enough. */
  readonly queued?: Handle | undefined;
}

/** What they send when the edge has confirmed it. */
export interface SettledMessage {
  readonly type: 'quash:settled';
  readonly epoch: string;
}

/** As far as TypeScript's library for pages lacks it. */
interface ExtendableEvent extends Event {
  waitUntil(work: Promise<unknown>): void;
}
interface WorkerEvents {
  message: ExtendableEvent & MessageEvent;
  sync: ExtendableEvent & { readonly tag: string };
}
/** https://wicg.github.io/background-sync/spec/, of Chromium only. */
interface SyncManager {
  register(tag: string): Promise<void>;
}

/** The database, the tag of Background Sync, and the lock that a page's outbox has as well. A logout wipes no name like this. */
const NAME = 'quash:outbox';
const STORE = 'handles';
/** A worker is stopped after some minutes of work. The next time that the browser starts it, it goes on. */
const ATTEMPTS = 6;

/**
 * Makes a service worker part of the logout, to be called when the worker starts. At a logout with `serviceWorker: true`, in any
 * page of the origin, it calls `forget` and answers the page when that is over; and it sees to it that the edge is told when the
 * page has no time to, or is offline: now and again for a while, with Background Sync where there is one, and whenever it is started.
 *
 * ```ts
 * import { handleLogout } from 'quash/service-worker';
 *
 * handleLogout(() => caches.delete('api'));
 * ```
 */
export function handleLogout(forget: (message: LogoutMessage) => unknown = () => {}): void {
  on('message', (event) => {
    const message: LogoutMessage | SettledMessage | undefined = event.data;
    if (message?.type === 'quash:settled') event.waitUntil(remove(message.epoch));
    if (message?.type === 'quash:logout') event.waitUntil(answer(message, event.ports[0], forget));
  });
  on('sync', (event) => {
    if (event.tag === NAME) event.waitUntil(insist());
  });
  flush().catch(() => {}); // Storage is denied: then nothing is in it.
}

async function answer(
  { queued, ...message }: LogoutMessage,
  port: MessagePort | undefined,
  forget: (message: LogoutMessage) => unknown,
): Promise<void> {
  // Not one after the other: whoever waits for `forget` may wait in vain.
  await Promise.allSettled([queued && carry(message.epoch, queued), (async () => forget(message))().then(() => port?.postMessage('done'))]);
}

async function carry(epoch: string, handle: Handle): Promise<void> {
  await inStore('readwrite', (store) => store.put(handle, epoch));
  await flush();
}

/** The page has asked as well, so not at once; and who is online is woken at once. */
async function flush(): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS && (await isAnyLeft()); attempt++) {
    if (attempt === 2) await wakeWhenOnline();
    await new Promise((later) => setTimeout(later, backoff(attempt)));
    await sendAll();
  }
}

async function wakeWhenOnline(): Promise<void> {
  const { sync } = (globalThis as unknown as { registration: { sync?: SyncManager } }).registration;
  // Denied where the user has said so.
  await sync?.register(NAME).catch(() => {});
}

/** @throws when the edge cannot be told: then the browser asks again when it is online. */
async function insist(): Promise<void> {
  await sendAll();
  if (await isAnyLeft()) throw new Error('the edge cannot be reached');
}

async function sendAll(): Promise<void> {
  const settle = async ([epoch, handle]: [string, Handle]) => {
    if (handle.expiresAt <= Date.now() || (await send(handle))) await remove(epoch);
  };
  const settleAll = async () => void (await Promise.all((await all()).map(settle)));
  // Where there are no locks a page may send the same, which does no harm.
  const locks: LockManager | undefined = navigator.locks;
  await (locks ? locks.request(NAME, settleAll) : settleAll());
}

async function isAnyLeft(): Promise<boolean> {
  return (await all()).length > 0;
}

async function all(): Promise<[epoch: string, handle: Handle][]> {
  const [epochs, handles] = await inStore('readonly', (store) => [store.getAllKeys(), store.getAll()] as const);
  return epochs.result.map((epoch, at) => [String(epoch), handles.result[at]]);
}

async function remove(epoch: string): Promise<void> {
  await inStore('readwrite', (store) => store.delete(epoch));
}

/** What `act` asked for, when all of it has been done. */
async function inStore<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => T): Promise<T> {
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(NAME);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = reject;
  });
  try {
    return await new Promise<T>((resolve, reject) => {
      const transaction = database.transaction(STORE, mode);
      const asked = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => resolve(asked);
      transaction.onabort = reject;
    });
  } finally {
    database.close();
  }
}

function on<Type extends keyof WorkerEvents>(type: Type, listener: (event: WorkerEvents[Type]) => void): void {
  addEventListener(type, listener as EventListener);
}
