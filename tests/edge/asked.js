/** Tells whoever listens in this isolate what a shard of the ledger is asked. */
const listeners = [];

export function listen(listener) {
  listeners.push(listener);
}

export function asked(url) {
  for (const listener of listeners) listener(url);
}
