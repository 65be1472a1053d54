import { understand } from './answer.js';
import { tellAtUnload } from './beacon.js';
import { both } from './both.js';
import { newEpoch } from './epoch.js';
import { flush } from './flush.js';
import { wipeHere } from './here.js';
import type { Message, RawAnswer } from './notify.js';
import type { WipeOptions } from './options.js';
import { OUTBOX, queue, readHandle, remember, unqueue } from './outbox.js';
import type { Effect, LogoutReport } from './report.js';
import { tellTabs } from './tabs.js';
import { startWasm } from './wasm.js';
import { wipeCaches } from './wipe/caches.js';
import { expireStubborn } from './wipe/cookie-store.js';
import { wipeDatabases } from './wipe/databases.js';
import { forgetAll } from './wipe/memory.js';
import { settleWorkers, tellWorkers } from './wipe/workers.js';

/** All that a logout can do, fetched when it is needed or likely. */
export interface Full {
  /** Wipes what can be wiped at once. It is over when this returns. */
  wipeHere(options: WipeOptions): Effect[];
  /** The rest of a logout, after the edge has been asked and `first` has been done. */
  logout(
    options: Message & WipeOptions,
    answer: Promise<RawAnswer>,
    first: readonly Effect[],
    started: number,
  ): Promise<LogoutReport>;
  /** Sends what is in the outbox. */
  flush(): void;
}

export async function start(): Promise<Full> {
  const engine = await startWasm();
  return {
    wipeHere: (options) => wipeHere(engine, options),
    flush,
    async logout(options, answer, first, started) {
      tellAtUnload(options, answer);
      const epoch = newEpoch();
      const queued = queue(epoch) ? readHandle(OUTBOX + epoch) : undefined;
      const here = both(first, wipeHere(engine, options));
      const effects = [
        expireStubborn(here),
        forgetAll(),
        wipeDatabases(engine, options),
        wipeCaches(engine, options),
        tellWorkers(options, epoch, queued),
        // After cookies and Web Storage are gone: the others look at them when they hear.
        tellTabs(epoch),
      ];
      const putBack = remember();
      const [edge, ...done] = await Promise.all([
        answer.then((raw) => {
          putBack();
          return understand(raw);
        }),
        ...effects,
      ]);
      const isConfirmed = edge.outcome === 'revoked';
      if (isConfirmed) {
        unqueue(epoch);
        if (queued) settleWorkers(options, epoch).catch(() => {});
      } else if (queued) flush();
      return {
        outcome: isConfirmed ? 'confirmed' : queued ? 'queued' : 'local-only',
        edge,
        effects: done.flat(),
        engine: engine.name,
        durationMs: Date.now() - started,
      };
    },
  };
}
