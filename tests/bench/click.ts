/**
 * `node tests/bench/click.ts [--json]`: from a click to the request, and to the last trace of the token, in Chromium, beside the
 * logout that everybody writes by hand. `cargo xtask bench click` builds the parts and runs this.
 */
import { parseArgs } from 'node:util';

import { startPeer } from '../../www/quash/test/peer.ts';
import { launchChromium } from '../browser/chromium.ts';
import { printMilliseconds } from './milliseconds.ts';

const ROUNDS = 50;
const KEYS = 1000;
/** Chromium keeps no more than 180 for a site. */
const COOKIES = 180;

const { values } = parseArgs({ options: { json: { type: 'boolean' } } });
const [peer, browser] = await Promise.all([startPeer(), launchChromium()]);
try {
  const page = await browser.newPage();
  await page.goto(`${peer.origin}/account/settings`);
  const timings = await page.evaluate(measure, { rounds: ROUNDS, keys: KEYS, cookies: COOKIES });
  for (const [name, all] of Object.entries(timings)) printMilliseconds(name, all, values.json);
} finally {
  await browser.close();
  await peer.stop();
}

/** Quash and the peer in turn, each on a page as full as the other's. */
async function measure(sizes: { rounds: number; keys: number; cookies: number }): Promise<Record<string, number[]>> {
  const { logout, preload } = await import('quash');
  await preload();
  const button = document.body.appendChild(document.createElement('button'));
  const { fetch } = window;
  let sent = 0;
  window.fetch = (...request) => {
    sent = performance.now();
    return fetch(...request);
  };

  const fill = () => {
    for (let at = 0; at < sizes.keys; at++) localStorage.setItem(`key-${at}`, `value ${at}`);
    for (let at = 1; at < sizes.cookies; at++) document.cookie = `cookie-${at}=${at}; Path=/`;
    document.cookie = 'token=a.b.c; Path=/';
    localStorage.setItem('token', 'a.b.c');
    sessionStorage.setItem('token', 'a.b.c');
    // Chromium writes cookies later and reads them now: else the click would wait for all that was written here.
    return document.cookie.length;
  };
  const isGone = () =>
    localStorage.getItem('token') === null && sessionStorage.getItem('token') === null && !/(^|; )token=/.test(document.cookie);

  const names = { cookies: ['token'], localStorage: ['token'], sessionStorage: ['token'] };
  const byQuash = () => logout({ ...names, token: { localStorage: 'token' } });
  const everythingByQuash = () => logout({ wipe: 'everything', token: { localStorage: 'token' } });
  const tell = () => {
    const body = new URLSearchParams({ token: localStorage.getItem('token') ?? '' });
    return window.fetch('/auth/logout', { method: 'POST', keepalive: true, body });
  };
  const byHand = async () => {
    const answer = tell();
    for (const storage of [localStorage, sessionStorage]) storage.removeItem('token');
    document.cookie = 'token=; Max-Age=0; Path=/';
    await answer;
  };
  const everythingByHand = async () => {
    const answer = tell();
    localStorage.clear();
    sessionStorage.clear();
    for (const pair of document.cookie.split('; ')) document.cookie = `${pair.split('=')[0]}=; Max-Age=0; Path=/`;
    await answer;
  };

  const timings: Record<string, number[]> = {};
  const note = (name: string, value: number) => (timings[name] ??= []).push(value);
  for (let round = 0; round < sizes.rounds; round++) {
    for (const [name, act] of Object.entries({
      quash: byQuash,
      'quash-everything': everythingByQuash,
      'by-hand': byHand,
      'by-hand-everything': everythingByHand,
    })) {
      fill();
      let over: Promise<unknown> | undefined;
      let clicked = 0;
      let returned = 0;
      button.onclick = () => {
        clicked = performance.now();
        over = act();
        returned = performance.now();
        if (!isGone()) throw new Error(`${name}: the token is left`);
      };
      button.click();
      await over;
      note(`${name}/request`, sent - clicked);
      note(`${name}/gone`, returned - clicked);
    }
  }
  return timings;
}
