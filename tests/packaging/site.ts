/** A static server as any other: what is not in the folder it does not have. And an edge that revokes whatever it is told to. */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { REVOKED } from '../../www/quash/test/peer.ts';

const TYPES: Record<string, string> = { html: 'text/html', js: 'text/javascript', wasm: 'application/wasm' };

export interface Site {
  readonly origin: string;
  /** The bodies of the log-outs so far. */
  readonly received: string[];
  stop(): Promise<void>;
}

export async function serve(folder: string): Promise<Site> {
  const received: string[] = [];
  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    if (pathname === '/auth/logout') {
      received.push(await text(request));
      response.setHeader('Content-Type', 'application/json');
      return void response.end(JSON.stringify(REVOKED.body));
    }
    const file = pathname.endsWith('/') ? `${pathname}index.html` : pathname;
    const content = await readFile(join(folder, file));
    response.setHeader('Content-Type', TYPES[file.split('.').at(-1) ?? ''] ?? 'text/plain');
    response.end(content);
  };
  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => response.writeHead(404).end(String(error)));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
