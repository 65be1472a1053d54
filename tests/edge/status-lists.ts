/** Somebody who publishes status lists over HTTP, signed by `jose` and compressed by `node:zlib`, and who can fail as issuers do. */
import type { KeyObject } from 'node:crypto';
import { type ServerResponse, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { deflateSync } from 'node:zlib';

import { SignJWT } from 'jose';

import { now } from './tokens.ts';

export const VALID = 0;
export const INVALID = 1;
export const SUSPENDED = 2;

export type Fault = (response: ServerResponse) => void;

/** A list as it is published at a path. */
export interface Published {
  readonly statuses?: readonly number[];
  /** `lst` instead of what the statuses are. */
  readonly lst?: string;
  readonly bits?: number;
  readonly alg?: string;
  readonly key?: KeyObject | Uint8Array;
  readonly header?: Readonly<Record<string, unknown>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly cacheControl?: string;
  /** `Age`, in seconds: a cache of its own answers. */
  readonly age?: number;
  /** Instead of answering as it should. */
  readonly fault?: Fault;
}

export interface Lists {
  /** Where they are: a path is written behind it. */
  readonly url: string;
  /** What is published, by path. */
  readonly at: Map<string, Published>;
  /** What was asked for, in its order: paths. */
  readonly asked: string[];
  /** How often a path was asked for. */
  times(path: string): number;
  /** What `Accept` was sent last. */
  accepted: string | undefined;
  stop(): void;
}

export async function startLists(key: KeyObject, kid: string): Promise<Lists> {
  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    lists.asked.push(path);
    lists.accepted = request.headers.accept;
    const published = lists.at.get(path);
    if (!published) return void response.writeHead(404).end();
    if (published.fault) return published.fault(response);
    const { cacheControl, age } = published;
    response.writeHead(200, {
      'Content-Type': 'application/statuslist+jwt',
      ...(cacheControl !== undefined && { 'Cache-Control': cacheControl }),
      ...(age !== undefined && { Age: age }),
    });
    response.end(await listToken({ key, ...published, header: { kid, ...published.header } }, `${lists.url}${path}`));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const lists: Lists = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    at: new Map(),
    asked: [],
    times: (path) => lists.asked.filter((other) => other === path).length,
    accepted: undefined,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return lists;
}

/** A status list token, as section 5.1 of the draft has it. */
function listToken({ statuses = [], bits = 2, lst, alg = 'ES256', key, header, claims }: Published, sub: string): Promise<string> {
  const payload = { sub, iat: now() - 1, status_list: { bits, lst: lst ?? compressed(statuses, bits) }, ...claims };
  return new SignJWT(payload).setProtectedHeader({ alg, typ: 'statuslist+jwt', ...header }).sign(key!);
}

/** Section 4.1: from the least significant bit, zlib at its best. */
export function compressed(statuses: readonly number[], bits: number): string {
  const bytes = new Uint8Array(Math.ceil((statuses.length * bits) / 8));
  statuses.forEach((status, index) => {
    bytes[Math.floor((index * bits) / 8)]! |= status << ((index * bits) % 8);
  });
  return deflateSync(bytes, { level: 9 }).toString('base64url');
}
