import { understand } from './answer.js';
import { both } from './both.js';
import { newEpoch } from './epoch.js';
import { flush } from './flush.js';
import { wipeHere } from './here.js';
import type { RawAnswer } from './notify.js';
import type { LogoutOptions, WipeOptions } from './options.js';
import { queue, unqueue } from './outbox.js';
import type { Effect, LogoutReport } from './report.js';
import { tellTabs } from './tabs.js';
import { startWasm } from './wasm.js';
import { wipeCaches } from './wipe/caches.js';
import { expireStubborn } from './wipe/cookie-store.js';
import { wipeDatabases } from './wipe/databases.js';
import { forgetAll } from './wipe/memory.js';
import { tellWorkers } from './wipe/workers.js';

/** All that a logout can do, fetched when it is needed or likely. */
export interface Full {
  /** Wipes what can be wiped at once. It is over when this returns. */
  wipeHere(options: WipeOptions): Effect[];
  /** The rest of a logout, after the edge has been asked and `first` has been done. */
  logout(
    options: LogoutOptions,
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
      const epoch = newEpoch();
      const isQueued = queue(epoch);
      const here = both(first, wipeHere(engine, options));
      const effects = [
        expireStubborn(here),
        forgetAll(),
        wipeDatabases(engine, options),
        wipeCaches(engine, options),
        tellWorkers(options, epoch),
        // After cookies and Web Storage are gone: the others look at them when they hear.
        tellTabs(epoch),
      ];
      const [raw, ...done] = await Promise.all([answer, ...effects]);

      const edge = understand(raw);
      const isConfirmed = edge.outcome === 'revoked';
      if (isConfirmed) unqueue(epoch);
      else if (isQueued) flush();
      return {
        outcome: isConfirmed ? 'confirmed' : isQueued ? 'queued' : 'local-only',
        edge,
        effects: done.flat(),
        engine: engine.name,
        durationMs: Date.now() - started,
      };
    },
  };
}
