/** Requests over connections that are kept, written by hand: a client that parses would take from workerd what it is to measure. */
import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

/** Bytes of an answer that is whole, with a length or in chunks. */
const WHOLE = /^HTTP\/1\.1 200 [^]*\r\n\r\n(ok|2\r\nok\r\n0\r\n\r\n)$/;
const TIMEOUT_MS = 10_000;

export class Connections {
  readonly #sockets: readonly Socket[];

  private constructor(sockets: readonly Socket[]) {
    this.#sockets = sockets;
  }

  static async open(port: number, count: number): Promise<Connections> {
    const sockets = Array.from({ length: count }, () => connect({ port, host: '127.0.0.1', noDelay: true }));
    await Promise.all(sockets.map((socket) => once(socket.setEncoding('latin1'), 'connect')));
    return new Connections(sockets);
  }

  /**
   * Sends all of them, the next on each connection when it has its answer, and tells how long each took, in nanoseconds.
   *
   * @throws Error when one is not answered with 200 and `ok`.
   */
  async send(requests: readonly string[]): Promise<number[]> {
    const latencies: number[] = [];
    const rest = requests.values();
    await Promise.all(this.#sockets.map((socket) => sendOver(socket, rest, latencies)));
    return latencies;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** The headers of the request, whole. */
export function requestText(authorization: string): string {
  return `GET /api/me HTTP/1.1\r\nHost: bench.example\r\nAccept: */*\r\nAuthorization: ${authorization}\r\n\r\n`;
}

function sendOver(socket: Socket, requests: Iterator<string>, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let answer = '';
    let sent = 0n;
    const end = (error?: Error): void => {
      socket.setTimeout(0);
      for (const event of ['data', 'error', 'close', 'timeout']) socket.removeAllListeners(event);
      if (error) reject(error);
      else resolve();
    };
    const next = (): void => {
      const { value, done } = requests.next();
      if (done) return end();
      answer = '';
      sent = process.hrtime.bigint();
      socket.write(value, 'latin1');
    };
    socket.on('data', (text: string) => {
      answer += text;
      if (WHOLE.test(answer)) {
        latencies.push(Number(process.hrtime.bigint() - sent));
        next();
      } else if (!answer.startsWith('HTTP/1.1 200 ')) {
        end(new Error(`the answer is ${answer}`));
      }
    });
    socket.on('error', end);
    socket.on('close', () => end(new Error('the connection was closed')));
    socket.setTimeout(TIMEOUT_MS, () => end(new Error(`no answer but ${answer}`)));
    next();
  });
}
