/** Reads what issuers publish, through the data centre's cache. */
import { type Engine, Status } from './engine.js';
import { cache, message, within } from './platform.js';
import type { Settings } from './settings.js';
import type { Signatures } from './signatures.js';

/** When a copy was read, in milliseconds since the epoch, and how old it was then: `Age` is the cache's own. */
const READ_AT = 'Quash-Read-At';
const AGE = 'Quash-Age';

/** What to read; see `texts.rs`. Durations are in milliseconds. */
interface Wanted {
  readonly pending: number;
  readonly url: string;
  readonly accept: string;
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
  await keep(copy, document, lifetime);
  return next;
}

/** Tells the engine, and does with the document what it wants of it: what to read next, and for how long to keep a copy. */
async function told(
  { engine, signatures }: Reader,
  pending: number,
  { body, cacheControl, ageMs, keptMs }: Document,
): Promise<{ next: Wanted | undefined; lifetime: number }> {
  let status = engine.fetched(pending, body, cacheControl, ageMs, keptMs);
  if (status === Status.Check) {
    const checking = engine.pending;
    const valid = await signatures.check(engine).catch(() => false);
    status = engine.listChecked(checking, valid);
  }
  if (status === Status.Inflate) status = await inflated(engine, engine.pending);
  return { next: status === Status.Read ? wantedBy(engine) : undefined, lifetime: engine.lifetime };
}

async function inflated(engine: Engine, pending: number): Promise<number> {
  // A copy: the engine's memory moves on.
  const deflated = new Blob([engine.signingInput.slice()]);
  try {
    const bytes = await bytesOf(deflated.stream().pipeThrough(new DecompressionStream('deflate')), Number(engine.text));
    return engine.inflated(pending, bytes);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error;
    return engine.notFetched(pending, message(error));
  }
}

/** At once: the next call of the engine may be another request's. */
function wantedBy(engine: Engine): Wanted {
  return { ...(JSON.parse(engine.text) as Omit<Wanted, 'pending'>), pending: engine.pending };
}

async function published({ url, accept, maxBytes }: Wanted): Promise<Document> {
  const response = await fetch(url, { redirect: 'manual', headers: { Accept: accept } });
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
    console.warn(`quash: a document was not copied to the data centre's cache: ${message(error)}`);
  }
}

async function document(response: Response, maxBytes: number): Promise<Pick<Document, 'body' | 'cacheControl'>> {
  const cacheControl = response.headers.get('Cache-Control') ?? '';
  return { body: response.body ? await bytesOf(response.body, maxBytes) : new Uint8Array(), cacheControl };
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
