/**
 * `node tests/bench/tabs.ts [--json]`: from the call of `logout()` in one tab until another has wiped its own and calls its
 * listener, in every engine. `cargo xtask bench tabs` builds the parts and runs this.
 */
import { parseArgs } from 'node:util';

import { startPeer } from '../../www/quash/test/peer.ts';
import type { Engine } from '../browser/engine.ts';
import { ENGINES, ENGINE_NAMES } from '../browser/engines.ts';
import { printMilliseconds } from './milliseconds.ts';

const ROUNDS = 50;

const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
const peer = await startPeer();
try {
  for (const name of ENGINE_NAMES) {
    console.error(`${name}: ${ROUNDS} logouts`);
    const engine = await ENGINES[name]();
    try {
      printMilliseconds(`other-tab/${name}`, await measure(engine), values.json);
    } finally {
      await engine.close();
    }
  }
} finally {
  await peer.stop();
}

/** The tabs time it among themselves: a driver that asks would keep the one busy that is to hear. */
async function measure(engine: Engine): Promise<number[]> {
  const profile = await engine.newProfile();
  const front = await profile.open(`${peer.origin}/account`);
  const hidden = await profile.open(`${peer.origin}/inbox`);
  await hidden.evaluate(listen);
  await front.bringToFront();
  await hidden.waitFor(() => document.visibilityState === 'hidden');
  return front.evaluate(logOut, ROUNDS);
}

// `timeOrigin + now()` counts from 1970 in both tabs: the wall clock as it was when the page began, and from then on the clock of
// the machine that never jumps. Between pages that began seconds apart it is off by what the wall clock was corrected meanwhile,
// and by a tick of each: 0.1 ms in Chromium, 1 ms in Firefox and WebKit, where a page is not isolated.

/** Answers each logout with the time, once it has seen that this tab's own is gone, and is ready for the next. */
async function listen(): Promise<void> {
  const { onLogout } = await import('quash');
  const channel = new BroadcastChannel('bench');
  sessionStorage.setItem('token', 'a.b.c');
  onLogout(
    () => {
      const at = performance.timeOrigin + performance.now();
      const isReal = sessionStorage.length === 0 && document.visibilityState === 'hidden';
      sessionStorage.setItem('token', 'a.b.c');
      channel.postMessage(isReal ? at : 'heard it with something left, or in front');
    },
    { sessionStorage: 'everything' },
  );
}

async function logOut(rounds: number): Promise<number[]> {
  const { logout, preload } = await import('quash');
  await preload();
  const channel = new BroadcastChannel('bench');
  const timings: number[] = [];
  while (timings.length < rounds) {
    localStorage.setItem('token', 'a.b.c');
    sessionStorage.setItem('token', 'a.b.c');
    document.cookie = 'token=a.b.c; Path=/';
    const heard = new Promise<number | string>((resolve) => (channel.onmessage = ({ data }) => resolve(data)));
    const called = performance.timeOrigin + performance.now();
    const over = logout({ token: { localStorage: 'token' }, wipe: 'everything' });
    const at = await heard;
    if (typeof at === 'string') throw new Error(at);
    timings.push(at - called);
    await over;
  }
  return timings;
}
