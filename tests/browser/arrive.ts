/** Navigations under puppeteer, which loses track of them in Firefox. */
import { setTimeout as delay } from 'node:timers/promises';

import type { Tab } from './engine.ts';
import { until } from './patience.ts';

/** Who is there already is soon told so. */
const GRACE_MS = 250;

/**
 * Goes from one document to another, and waits for it. For a page that comes back from the bfcache Firefox sends no `load`, so
 * puppeteer's `goBack` waits in vain, and so does whatever navigates next. Then the page itself is asked whether it is there.
 */
export async function arrive(what: string, tab: Pick<Tab, 'evaluate'>, go: () => Promise<unknown>): Promise<void> {
  // A document has a time of its own, and brings it along from the bfcache.
  const before = await until(what, () => tab.evaluate(() => performance.timeOrigin));
  const isThere = async (): Promise<boolean> => {
    const now = await tab.evaluate(() => (document.readyState === 'complete' ? performance.timeOrigin : 0));
    return now > 0 && now !== before;
  };
  let over = false;
  const going = go();
  // puppeteer has the first word: it knows of errors.
  const seen = until(what, async () => over || (await isThere())).then(() => delay(over ? 0 : GRACE_MS));
  try {
    await Promise.race([going, seen]);
  } finally {
    over = true;
    for (const other of [going, seen]) other.catch(() => {}); // The one that lost fails alone.
  }
}
