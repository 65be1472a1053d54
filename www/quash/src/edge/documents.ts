/** Reads what issuers publish, through the data centre's cache. */
import { type Engine, Status } from './engine.js';
import { cache, message, within } from './platform.js';
import type { Settings } from './settings.js';
import { KeyError, type Signatures } from './signatures.js';

/**
 * When a copy was read, in milliseconds since the epoch, and how old it was then, and what its issuer said of it: `Age` and
 * `Cache-Control` are the cache's own.
 */
const READ_AT = 'Quash-Read-At';
const AGE = 'Quash-Age';
const CACHE_CONTROL = 'Quash-Cache-Control';

/** What to read; see `texts.rs`. Durations are in milliseconds. */
interface Wanted {
  readonly pending: number;
  readonly url: string;
  readonly accept: string;
  readonly cachedFor: number;
  readonly timeout: number;
  readonly maxBytes: number;
}

/** What to read next, and for how many seconds to keep a copy. */
interface Told {
  readonly next: Wanted | undefined;
  readonly lifetime: number;
}

interface Document {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly cacheControl: string;
  /** When it was read. */
  readonly ageMs: number;
  /** Since then. */
  readonly keptMs: number;
}

/** An engine with the keys that it verifies with, and what is kept of documents. */
interface Reader {
  readonly engine: Engine;
  readonly signatures: Signatures;
  readonly settings: Settings;
}

/** Reads the document that the engine asks for now, and what that leads to. */
export async function read(engine: Engine, signatures: Signatures, settings: Settings): Promise<void> {
  const reader = { engine, signatures, settings };
  for (let wanted: Wanted | undefined = wantedBy(engine); wanted; ) wanted = await readOne(reader, wanted);
}

async function readOne(reader: Reader, wanted: Wanted): Promise<Wanted | undefined> {
  const { engine, settings } = reader;
  const { pending, url, timeout } = wanted;
  const copy = `${settings.nearby}keys/${encodeURIComponent(url)}`;
  const cached = await within(settings.storeTimeout, copied(copy, wanted)).catch(() => undefined);
  if (cached) return (await told(reader, pending, cached)).next;
  let document;
  try {
    document = await within(timeout, published(wanted));
  } catch (error) {
    console.warn(`quash: ${url}: ${message(error)}`);
    engine.notFetched(pending, message(error));
    return undefined;
  }
  const { next, lifetime } = await told(reader, pending, document);
  await within(settings.storeTimeout, keep(copy, document, lifetime)).catch((error: unknown) => {
    console.warn(`quash: ${url} was not copied to the data centre's cache: ${message(error)}`);
  });
  return next;
}

/** Tells the engine, and does with the document what it wants of it. */
async function told({ engine, signatures }: Reader, pending: number, document: Document): Promise<Told> {
  const { body, cacheControl, ageMs, keptMs } = document;
  const status = engine.fetched(pending, body, cacheControl, ageMs, keptMs);
  return status === Status.Check ? checked(engine, signatures, engine.pending) : goOn(engine, status);
}

async function checked(engine: Engine, signatures: Signatures, pending: number): Promise<Told> {
  let valid;
  try {
    valid = await signatures.check(engine);
  } catch (error) {
    if (error instanceof KeyError) return goOn(engine, engine.notFetched(pending, message(error)));
    // WebCrypto throws at signatures of impossible lengths, where others answer "no".
    valid = false;
  }
  return goOn(engine, engine.listChecked(pending, valid));
}

async function inflated(engine: Engine, pending: number): Promise<Told> {
  // A copy: the engine's memory moves on.
  const deflated = new Blob([engine.signingInput.slice()]);
  let bytes;
  try {
    bytes = await bytesOf(deflated.stream().pipeThrough(new DecompressionStream('deflate')), Number(engine.text));
  } catch (error) {
    return goOn(engine, engine.notFetched(pending, message(error)));
  }
  return goOn(engine, engine.inflated(pending, bytes));
}

/** At once: the next call of the engine may be another request's. */
function goOn(engine: Engine, status: number): Told | Promise<Told> {
  if (status === Status.Inflate) return inflated(engine, engine.pending);
  return { next: status === Status.Read ? wantedBy(engine) : undefined, lifetime: engine.lifetime };
}

/** At once, too. */
function wantedBy(engine: Engine): Wanted {
  return { ...(JSON.parse(engine.text) as Omit<Wanted, 'pending'>), pending: engine.pending };
}

async function published({ url, accept, maxBytes }: Wanted): Promise<Document> {
  const response = await fetch(url, { redirect: 'manual', headers: { Accept: accept } });
  if (response.status !== 200) throw new Error(`answers ${response.status}`);
  const { headers } = response;
  const [cacheControl, ageMs] = [headers.get('Cache-Control') ?? '', Number(headers.get('Age') ?? 0) * 1000];
  return { body: await bodyOf(response, maxBytes), cacheControl, ageMs, keptMs: 0 };
}

async function copied(copy: string, { cachedFor, maxBytes }: Wanted): Promise<Document | undefined> {
  const response = await cache().match(copy);
  if (!response) return undefined;
  const { headers } = response;
  const keptMs = Math.max(Date.now() - Number(headers.get(READ_AT)), 0);
  if (keptMs > cachedFor) return undefined;
  const [cacheControl, ageMs] = [headers.get(CACHE_CONTROL) ?? '', Number(headers.get(AGE))];
  return { body: await bodyOf(response, maxBytes), cacheControl, ageMs, keptMs };
}

async function keep(copy: string, { body, cacheControl, ageMs }: Document, lifetime: number): Promise<void> {
  if (lifetime === 0) return;
  const headers = {
    'Cache-Control': `max-age=${lifetime}`,
    [READ_AT]: String(Date.now()),
    [AGE]: String(ageMs),
    [CACHE_CONTROL]: cacheControl,
  };
  await cache().put(copy, new Response(body, { headers }));
}

function bodyOf({ body }: Response, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> | Uint8Array<ArrayBuffer> {
  return body ? bytesOf(body, maxBytes) : new Uint8Array();
}

/** All of a stream, unless that is too much: the rest of it is never read. */
async function bytesOf(stream: ReadableStream, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) throw new Error(`has more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
