/**
 * Thousands of random calls of ours and of jsonwebtoken's, which must come to the same: the same token, the same claims, an error
 * of the same class with the same message. Where they do not, one of the named deviations has to be why.
 */
import assert from 'node:assert/strict';
import { after, before, mock, test } from 'node:test';
import { inspect } from 'node:util';

import jsonwebtoken from 'jsonwebtoken';
import * as quash from 'quash/server';

import { ALGORITHMS, NOW, signCase, tampered, verifyCase, type SignCase, type VerifyCase } from './cases.ts';
import { SECRET } from './keys.ts';
import { messageOf, outcomeOf, outcomeOfCallback, type Outcome } from './outcome.ts';
import { Random } from './random.ts';

/** Another one tries other cases. */
const SEED = Number(process.env['QUASH_SEED'] ?? 1);
const CASES = 3000;

/** As JavaScript sees it, which checks no types. */
type Library = Record<'sign' | 'verify' | 'decode', (...args: unknown[]) => unknown>;
const ours = quash as unknown as Library;
const theirs = jsonwebtoken as unknown as Library;

before(() => mock.timers.enable({ apis: ['Date'], now: NOW * 1000 }));
after(() => mock.timers.reset());

test('sign comes to the same', async () => {
  const random = new Random(SEED);
  const tally = new Tally();
  for (let n = 0; n < CASES; n++) {
    const one = signCase(random);
    tally.add(one, await runSign(theirs, one), await runSign(ours, one), signDeviation(one));
  }
  tally.check(25);
});

test('verify comes to the same, whoever has signed', async () => {
  const random = new Random(SEED);
  const tally = new Tally();
  for (let n = 0; n < CASES; n++) {
    const { sign } = random.pick([theirs, ours]);
    const one = verifyCase(random, sign as never);
    const expected = await runVerify(theirs, one);
    tally.add(one, expected, await runVerify(ours, one), verifyDeviation(one, expected));
  }
  tally.check(25);
});

test('decode comes to the same', () => {
  const random = new Random(SEED);
  const tally = new Tally();
  for (let n = 0; n < CASES; n++) {
    const payload = random.pick<unknown>(['text', '{"sub":"user"}', '"a string"', '5', { sub: 'ünïcödé' }, { exp: 1 }]);
    const options = random.pick([undefined, null, random.some(0.5, { complete: [true, 1], json: [true, false] })]);
    const right = theirs.sign(payload, SECRET) as string;
    const token = random.chance(0.5) ? right : tampered(random, right);
    const [expected, actual] = [theirs, ours].map(({ decode }) => outcomeOf(() => decode(token, options)));
    tally.add({ token, options }, expected!, actual!, textDeviation(token));
  }
  tally.check(5);
});

class Tally {
  readonly #deviations = new Map<string, number>();
  readonly #messages = new Set<string | undefined>();
  #same = 0;
  #good = 0;
  #all = 0;

  add(one: object, expected: Outcome, actual: Outcome, deviation: string | undefined): void {
    this.#all += 1;
    this.#messages.add(messageOf(actual));
    try {
      assert.deepEqual(actual, expected);
      this.#same += 1;
      if ('value' in actual && actual.value !== null) this.#good += 1;
    } catch (error) {
      const isRefused = 'error' in actual || actual.value === null;
      if (!deviation || !isRefused) throw new Error(`seed ${SEED}: ${inspect(one, { depth: 5 })}`, { cause: error });
      this.#deviations.set(deviation, (this.#deviations.get(deviation) ?? 0) + 1);
    }
  }

  /** Cases that are all wrong, in one way, or all deviations, would show little. */
  check(messages: number): void {
    const [good, same] = [this.#good / this.#all, this.#same / this.#all];
    const summary = inspect({ good, same, deviations: this.#deviations, messages: this.#messages }, { maxArrayLength: null });
    assert.ok(good > 0.2 && good < 0.9 && same > 0.95 && this.#messages.size >= messages, summary);
  }
}

/** With the payload afterwards, which `mutatePayload` changes. */
async function runSign({ sign }: Library, { payload, key, options, hasCallback }: SignCase): Promise<Outcome> {
  const own = isObject(payload) ? Object.assign(Object.create(Object.getPrototypeOf(payload)), payload) : payload;
  const outcome = hasCallback
    ? await outcomeOfCallback((callback) => sign(own, key, options, callback))
    : outcomeOf(() => sign(own, key, options));
  return 'error' in outcome ? outcome : { value: [withoutChance(outcome.value as string), own] };
}

async function runVerify({ verify }: Library, { token, key, options, kind }: VerifyCase): Promise<Outcome> {
  if (kind === 'sync') return outcomeOf(() => verify(token, key, options));
  if (kind === 'callback') return outcomeOfCallback((callback) => verify(token, key, options, callback));
  const headers: unknown[] = [];
  const find = (header: unknown, callback: (error: Error | null, key?: unknown) => void) => {
    headers.push(header);
    callback(key === null ? new Error('no such key') : null, key);
  };
  const outcome = await outcomeOfCallback((callback) => verify(token, find, options, callback));
  return 'error' in outcome ? outcome : { value: [outcome.value, headers] };
}

/** ECDSA and RSA-PSS sign differently each time; that theirs and ours verify each other's is another test. */
function withoutChance(token: string): string {
  const [header = ''] = token.split('.');
  const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { alg: string };
  return /^[EP]S/.test(alg) ? token.slice(0, token.lastIndexOf('.')) : token;
}

function isObject(payload: unknown): payload is object {
  return Object.prototype.toString.call(payload) === '[object Object]';
}

function signDeviation({ options }: SignCase): string | undefined {
  const { algorithm } = (options ?? {}) as { algorithm?: unknown };
  if (algorithm !== undefined && !ALGORITHMS.includes(algorithm as never)) return 'algorithm';
  return Object.hasOwn(Object(options) as object, 'constructor') ? 'prototype' : undefined;
}

function verifyDeviation({ token, key }: VerifyCase, expected: Outcome): string | undefined {
  if (!key && String(token).endsWith('.')) return 'none';
  return /signatures must be/.test(messageOf(expected) ?? '') ? 'ecdsa' : textDeviation(token);
}

function textDeviation(token: unknown): string | undefined {
  const segments = String(token).split('.');
  const isSpelt = segments.every((segment) => Buffer.from(segment, 'base64url').toString('base64url') === segment);
  if (!isSpelt) return 'spelling';
  return Buffer.from(segments[0]!, 'base64url').some((byte) => byte > 0x7f) ? 'utf-8' : undefined;
}
