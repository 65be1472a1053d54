/** Reads what issuers publish, through the data centre's cache. */
import { type Engine, Status } from './engine.js';
import { cache, message, within } from './platform.js';
import type { Settings } from './settings.js';

/** When a copy was read, in milliseconds since the epoch, and how old it was then: `Age` is the cache's own. */
const READ_AT = 'Quash-Read-At';
const AGE = 'Quash-Age';

/** What to read; see `texts.rs`. Durations are in milliseconds. */
interface Wanted {
  readonly pending: number;
  readonly url: string;
  readonly cachedFor: number;
  readonly timeout: number;
  readonly maxBytes: number;
}

interface Document {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly cacheControl: string;
  /** When it was read. */
  readonly ageMs: number;
  /** Since then. */
  readonly keptMs: number;
}

/** Reads the document that the engine asks for now, and what that leads to. */
export async function read(engine: Engine, settings: Settings): Promise<void> {
  for (let wanted: Wanted | undefined = wantedBy(engine); wanted; ) wanted = await readOne(engine, wanted, settings);
}

async function readOne(engine: Engine, wanted: Wanted, settings: Settings): Promise<Wanted | undefined> {
  const { pending, url, timeout } = wanted;
  const copy = `${settings.nearby}keys/${encodeURIComponent(url)}`;
  const told = ({ body, cacheControl, ageMs, keptMs }: Document): Wanted | undefined => {
    const status = engine.fetched(pending, body, cacheControl, ageMs, keptMs);
    return status === Status.Read ? wantedBy(engine) : undefined;
  };
  const cached = await within(settings.storeTimeout, copied(copy, wanted)).catch(() => undefined);
  if (cached) return told(cached);
  let document;
  try {
    document = await within(timeout, published(wanted));
  } catch (error) {
    console.warn(`quash: ${url}: ${message(error)}`);
    engine.notFetched(pending, message(error));
    return undefined;
  }
  const next = told(document);
  await keep(copy, document, engine.lifetime);
  return next;
}

/** At once: the next call of the engine may be another request's. */
function wantedBy(engine: Engine): Wanted {
  return { ...(JSON.parse(engine.text) as Omit<Wanted, 'pending'>), pending: engine.pending };
}

async function published({ url, maxBytes }: Wanted): Promise<Document> {
  const response = await fetch(url, { redirect: 'manual' });
  if (response.status !== 200) throw new Error(`answers ${response.status}`);
  const ageMs = Number(response.headers.get('Age') ?? 0) * 1000;
  return { ...(await document(response, maxBytes)), ageMs, keptMs: 0 };
}

async function copied(copy: string, { cachedFor, maxBytes }: Wanted): Promise<Document | undefined> {
  const response = await cache().match(copy);
  if (!response) return undefined;
  const keptMs = Math.max(Date.now() - Number(response.headers.get(READ_AT)), 0);
  const ageMs = Number(response.headers.get(AGE));
  return keptMs <= cachedFor ? { ...(await document(response, maxBytes)), ageMs, keptMs } : undefined;
}

async function keep(copy: string, { body, ageMs }: Document, lifetime: number): Promise<void> {
  if (lifetime === 0) return;
  const headers = { 'Cache-Control': `max-age=${lifetime}`, [READ_AT]: String(Date.now()), [AGE]: String(ageMs) };
  try {
    await cache().put(copy, new Response(body, { headers }));
  } catch (error) {
    console.warn(`quash: keys were not copied to the data centre's cache: ${message(error)}`);
  }
}

async function document(response: Response, maxBytes: number): Promise<Pick<Document, 'body' | 'cacheControl'>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return { body, cacheControl: response.headers.get('Cache-Control') ?? '' };
}
