/** A network that can be cut: passes bytes to a server on loopback, until it is told not to. */
import { type Socket, connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  readonly port: number;
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

export async function startProxy(to: number): Promise<Proxy> {
  const open = new Set<Socket>();
  let isCut = false;
  const hangUp = () => open.forEach((socket) => socket.destroy());
  const server = createServer((client) => {
    if (isCut) return void client.destroy();
    const upstream = connect(to, '127.0.0.1');
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      open.add(socket);
      socket.on('error', () => {}).on('close', () => {
        open.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      isCut = true;
      hangUp();
    },
    mend: () => {
      isCut = false;
    },
    stop: async () => {
      hangUp();
      await new Promise((done) => server.close(done));
    },
  };
}
