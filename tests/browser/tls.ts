/** Ends TLS in front of a server on loopback, as Cloudflare does in front of a Worker. */
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:tls';

import type { Certificate } from './certificate.ts';

export interface Tls {
  readonly port: number;
  stop(): Promise<void>;
}

export async function startTls(to: number, certificate: Certificate): Promise<Tls> {
  const open = new Set<Socket>();
  const server = createServer(certificate, (client) => {
    const upstream = connect(to, '127.0.0.1');
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      socket.on('error', () => {}).on('close', () => other.destroy());
      socket.pipe(other);
    }
  });
  // Also those that never get as far as TLS.
  server.on('connection', (socket: Socket) => open.add(socket.on('close', () => open.delete(socket))));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    stop: async () => {
      open.forEach((socket) => socket.destroy());
      await new Promise((done) => server.close(done));
    },
  };
}
