/** Hands demands to the Admin API of an edge, many at a time. */
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import type { Imported } from './source.js';

export interface Destination {
  /** Where the Admin API is: `https://edge.example/auth/admin`. */
  readonly url: string;
  readonly client: string;
  readonly secret: string;
}

/** What became of a demand. */
export interface Receipt {
  readonly from: string;
  readonly outcome: 'revoked' | 'expired' | 'refused';
  readonly code?: string;
  readonly detail?: string;
}

/** As many as one request may have; bytes, too. */
const MAX_LINES = 300;
const MAX_BYTES = 500 * 1024;

/** How often a request is sent that an outage has kept from an answer, and how long is waited in between at most, in milliseconds. */
const MAX_TRIES = 10;
const MAX_PAUSE_MS = 30_000;

/** @throws Error for what no other try would mend: the answer's status, and what it says. */
export async function* send(demands: AsyncIterable<Imported>, destination: Destination): AsyncGenerator<Receipt> {
  let [batch, lines, bytes]: [Imported[], string[], number] = [[], [], 0];
  for await (const imported of demands) {
    const line = `${JSON.stringify(imported.demand)}\n`;
    const size = Buffer.byteLength(line);
    if (batch.length === MAX_LINES || (bytes > 0 && bytes + size > MAX_BYTES)) {
      yield* sendBatch(batch, lines.join(''), destination);
      [batch, lines, bytes] = [[], [], 0];
    }
    batch.push(imported);
    lines.push(line);
    bytes += size;
  }
  if (batch.length > 0) yield* sendBatch(batch, lines.join(''), destination);
}

async function* sendBatch(batch: readonly Imported[], body: string, destination: Destination): AsyncGenerator<Receipt> {
  const answer = await sent(body, destination);
  for (const line of answer.trimEnd().split('\n')) {
    const { line: number, outcome, code, detail } = JSON.parse(line) as { line: number } & Omit<Receipt, 'from'>;
    yield { from: (batch[number - 1] as Imported).from, outcome, ...(code && { code }), ...(detail && { detail }) };
  }
}

/** The same lines have the same key, so whoever begins again after a failure ends nothing that was opened meanwhile. */
async function sent(body: string, { url, client, secret }: Destination): Promise<string> {
  const headers = {
    authorization: `Basic ${Buffer.from(`${encodeURIComponent(client)}:${encodeURIComponent(secret)}`).toString('base64')}`,
    'content-type': 'application/x-ndjson',
    'idempotency-key': createHash('sha256').update(body).digest('hex'),
  };
  for (let tries = 1; ; tries++) {
    let problem: string;
    let pause = Math.min(500 * 2 ** tries, MAX_PAUSE_MS);
    try {
      const response = await fetch(`${url}/revocations`, { method: 'POST', headers, body, redirect: 'error' });
      const text = await response.text();
      if (response.status === 200) return text;
      problem = `the edge answers ${response.status}: ${text}`;
      if (response.status !== 503 && response.status !== 429) throw new Refused(problem);
      pause = Math.min(1000 * (Number(response.headers.get('retry-after')) || 1), MAX_PAUSE_MS);
    } catch (error) {
      if (error instanceof Refused) throw error;
      problem = `the edge cannot be reached: ${String((error as Error).cause ?? error)}`;
    }
    if (tries === MAX_TRIES) throw new Error(problem);
    await delay(pause);
  }
}

class Refused extends Error {}
