/** A network that can fail: passes bytes to a server on loopback, until it is told not to. */
import { type Socket, connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  readonly port: number;
  /** Hangs up, on everybody and on whoever comes. */
  cut(): void;
  /** Hangs up, and keeps back whatever the server says to whoever comes. What is said to the server arrives. */
  hold(): void;
  mend(): void;
  stop(): Promise<void>;
}

export async function startProxy(to: number): Promise<Proxy> {
  const open = new Map<Socket, Socket>();
  let state: 'whole' | 'cut' | 'held' = 'whole';
  const hangUp = () => open.forEach((upstream, client) => [client, upstream].forEach((socket) => socket.destroy()));
  const server = createServer((client) => {
    if (state === 'cut') return void client.destroy();
    const upstream = connect(to, '127.0.0.1');
    open.set(client, upstream);
    for (const [socket, other] of [[client, upstream], [upstream, client]] as const) {
      socket.on('error', () => {}).on('close', () => {
        open.delete(client);
        other.destroy();
      });
    }
    client.pipe(upstream);
    if (state === 'whole') upstream.pipe(client);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      state = 'cut';
      hangUp();
    },
    hold: () => {
      state = 'held';
      hangUp();
    },
    mend: () => {
      if (state === 'held') open.forEach((upstream, client) => upstream.pipe(client));
      state = 'whole';
    },
    stop: async () => {
      hangUp();
      await new Promise((done) => server.close(done));
    },
  };
}
