/** A session of WebKitWebDriver: the driver, its browser, and one command after the other. */
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Builder } from 'selenium-webdriver';
import type { WebDriver } from 'selenium-webdriver';

import { limited, until } from './patience.ts';
import { startProgram } from './program.ts';
import type { Program } from './program.ts';

const DRIVER = process.env['WEBKIT_DRIVER_BIN'] ?? 'WebKitWebDriver';
/** Another test may take the port that was free. */
const ATTEMPTS = 3;

export interface Session {
  readonly version: string;
  /** Runs `work` with the window as WebDriver's current one. There is one current window: who works in one keeps others out. */
  inWindow<T>(what: string, handle: string, work: (driver: WebDriver) => Promise<T>): Promise<T>;
  /** Opens a window that is empty. */
  newWindow(): Promise<string>;
  close(): Promise<void>;
}

/** @throws Error with what the driver printed, when it or its browser does not start. */
export async function startSession(display: string): Promise<Session> {
  const { program, url } = await startDriver(display);
  let driver: WebDriver;
  let version: string;
  try {
    // The driver knows where its MiniBrowser lies. Without a word on data, they are ephemeral.
    const capabilities = { browserName: 'MiniBrowser', acceptInsecureCerts: true }; // A site of the tests signs for itself.
    const starting = new Builder().usingServer(url).withCapabilities(capabilities).build();
    driver = await limited('MiniBrowser', Promise.race([starting, program.ended]));
    version = (await driver.getCapabilities()).get('browserVersion');
  } catch (error) {
    await program.stop();
    throw error;
  }

  let current = '';
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(what: string, work: () => Promise<T>): Promise<T> => {
    const turn = last.then(() => limited(what, Promise.race([work(), program.ended])));
    last = turn.catch(() => {}); // The next one has its own chance.
    return turn;
  };

  return {
    version,
    inWindow: (what, handle, work) =>
      inTurn(what, async () => {
        if (current !== handle) await driver.switchTo().window(handle);
        current = handle;
        return work(driver);
      }),
    newWindow: () =>
      inTurn('a new window', async () => {
        // Windows, for a tab that is not in front at first cannot be brought there.
        await driver.switchTo().newWindow('window');
        current = await driver.getWindowHandle();
        return current;
      }),
    close: async () => {
      // The end of a driver does not end its browser; the end of a session does. When it does not, the group's end does.
      await limited('the end of a session', Promise.race([driver.quit(), program.ended]), 3_000).catch(() => {});
      await program.stop();
    },
  };
}

async function startDriver(display: string, attempts = ATTEMPTS): Promise<{ program: Program; url: string }> {
  // Given 0 it takes a free port, and does not tell which.
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const program = startProgram(DRIVER, [`--port=${port}`], { ...process.env, DISPLAY: display });
  const answers = async () => (await fetch(`${url}/status`, { signal: AbortSignal.timeout(1_000) })).ok;
  try {
    await Promise.race([until(DRIVER, answers), program.ended]);
    return { program, url };
  } catch (error) {
    await program.stop();
    if (attempts === 1) throw error;
    return startDriver(display, attempts - 1);
  }
}

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}
