/**
 * What WebCrypto and our HMAC accept is what other people's code accepts: each token is judged by the deployable Worker, by a Rust
 * Worker and by an oracle. Where we are stricter the case says so, and has to be right about it.
 */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';

import * as confused from './confused.ts';
import { type Case, as, compact, payload } from './forge.ts';
import { type Oracle, startOracle } from './oracle.ts';
import { call } from './requests.ts';
import { type Edge, GUARDS, type Guard, startAll } from './server.ts';
import * as tampered from './tampered.ts';
import { ALGORITHMS, type Algorithm, KINDS, configuredIssuers, now, token } from './tokens.ts';

/** Tokens that are judged at a time. */
const AT_ONCE = 16;
/** Mutations of each kind of token: so many of what is sent, and as many of what is signed. */
const MUTATIONS = 100;
const SEED = Number(process.env['SEED'] ?? Date.now() % 1e6);

const issuers = [...configuredIssuers, confused.otherIssuer];
const edges = new Map<Guard, Edge>();
let oracle: Oracle;
/** Where tokens say that their keys are. */
let asked = 0;
const elsewhere = createServer((_, response) => {
  asked++;
  response.end('{"keys":[]}');
});

before(async () => {
  await new Promise<void>((listening) => elsewhere.listen(0, '127.0.0.1', listening));
  oracle = await startOracle(issuers);
  const started = await startAll(...GUARDS.map((guard) => ({ guard, quash: { issuers } })));
  GUARDS.forEach((guard, index) => edges.set(guard, started[index]!));
});
after(async () => {
  await Promise.all([...edges.values()].map((edge) => edge.stop()));
  oracle?.stop();
  elsewhere.close();
});

const TABLE: Record<string, readonly Case[]> = {
  ...Object.fromEntries(ALGORITHMS.map((alg) => [`tampered ${alg}`, tampered.anySignature(alg)])),
  'ECDSA’s numbers': tampered.ecdsa(),
  'RSA’s encodings': tampered.rsa(),
  'EdDSA’s points': tampered.eddsa(),
  'algorithms swapped': confused.swapped(),
  'HMAC with public keys': confused.hmacOfPublicKeys(),
  'no algorithm': confused.noAlgorithm(),
  'keys in the header': confused.keysInTheHeader(() => `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`),
  'key ids': confused.keyIds(),
  issuers: confused.issuers(),
  claims: confused.claims(),
};

describe('every guard and the oracle agree', () => {
  for (const [family, cases] of Object.entries(TABLE)) {
    test(`${family}: ${cases.length} tokens`, () => noneIsWrong(cases, wrongIn));
  }

  test('nobody has asked where a token says that its key is', () => assert.equal(asked, 0));
});

describe(`they agree on mutations, from seed ${SEED}`, () => {
  for (const [at, alg] of KINDS.entries()) {
    const seeds = (what: Mutation['what'], offset: number) => mutations(what, alg, SEED + offset * MUTATIONS);
    test(`of ${MUTATIONS} tokens that ${alg} has signed`, () => noneIsWrong(seeds('sent', 2 * at), wrongInMutation));
    test(`of ${MUTATIONS} texts before ${alg} signs them`, () => noneIsWrong(seeds('signed', 2 * at + 1), wrongInMutation));
  }

  // A comparison that never met a good token, or only garbage, would have compared nothing.
  test('of all sorts', () => {
    const missed = SORTS.filter((verdict) => !met.has(verdict));
    assert.deepEqual(missed, []);
  });
});

interface Verdicts {
  /** A status, and the code of a refusal. */
  readonly guards: Readonly<Record<Guard, string>>;
  readonly oracle: string;
}

async function judge(text: string): Promise<Verdicts> {
  const guards = GUARDS.map(async (guard) => {
    const { status, code } = await call(edges.get(guard)!, text);
    return [guard, `${status} ${code ?? 'accepted'}`] as const;
  });
  const [verdicts, opinion] = await Promise.all([Promise.all(guards), oracle.ask(text)]);
  return { guards: Object.fromEntries(verdicts) as Record<Guard, string>, oracle: opinion };
}

async function wrongIn({ name, verdict, isStricter, make }: Case): Promise<string | undefined> {
  const text = await make();
  const { guards, oracle } = await judge(text);
  const wanted = verdict === 'accepted' ? '200 accepted' : `401 ${verdict}`;
  const isRight = GUARDS.every((guard) => guards[guard] === wanted);
  const isAccepted = oracle === 'accepted';
  if (isRight && isAccepted === (verdict === 'accepted' || isStricter)) return undefined;
  return told(name, `${wanted}${isStricter ? ', stricter than the oracle' : ''}`, { guards, oracle }, text);
}

interface Mutation {
  readonly alg: Algorithm;
  readonly what: 'sent' | 'signed';
  readonly seed: number;
}

const mutations = (what: Mutation['what'], alg: Algorithm, seed: number): Mutation[] =>
  Array.from({ length: MUTATIONS }, (_, at) => ({ alg, what, seed: seed + at }));

/**
 * Where the table sees to it that we are stricter than the oracle: in what a token says. About a signature no mutation makes us
 * differ; what the table knows about PSS is none.
 */
const EXCEPTIONS = Object.values(TABLE).flat()
  .filter(({ isStricter, verdict }) => isStricter && verdict !== 'signature_invalid')
  .map(({ verdict }) => `401 ${verdict}`);

/** What the mutations of any seed are met with, among other things. */
const SORTS = ['200 accepted', '401 signature_invalid', '401 token_base64url', '401 token_json', '401 issuer_unknown'];
const met = new Set<string>();

async function wrongInMutation(mutation: Mutation): Promise<string | undefined> {
  const text = await mutated(mutation);
  const { guards, oracle } = await judge(text);
  const [verdict, ...others] = GUARDS.map((guard) => guards[guard]);
  met.add(verdict!);
  const isAccepted = verdict === '200 accepted';
  const agree = isAccepted === (oracle === 'accepted') || (!isAccepted && EXCEPTIONS.includes(verdict!));
  if (agree && others.every((other) => other === verdict)) return undefined;
  return told(`SEED=${SEED}, number ${mutation.seed - SEED}`, 'one verdict', { guards, oracle }, text);
}

const told = (name: string, wanted: string, verdicts: Verdicts, text: string) =>
  `${name}: wanted ${wanted}; ${JSON.stringify(verdicts)}\n    ${text}`;

async function noneIsWrong<T>(all: readonly T[], wrong: (one: T) => Promise<string | undefined>): Promise<void> {
  const found: string[] = [];
  const rest = all.values();
  const work = async () => {
    for (const one of rest) found.push(...[await wrong(one)].filter((text) => text !== undefined));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  assert.ok(found.length === 0, `${found.length} of ${all.length} tokens:\n${found.join('\n')}`);
}

/**
 * A good token with one to three edits after it was signed, or with one before. Its times are such that no edit of one digit puts a
 * limit less than 8 s ahead: those who judge look at their clocks one after the other.
 */
async function mutated({ alg, what, seed }: Mutation): Promise<string> {
  const random = numbers(seed);
  const claims = { iat: now() - 37, exp: now() + 613 };
  if (what === 'sent') {
    let text = await token({ alg, claims });
    for (let edits = 1 + random(3); edits > 0; edits--) text = edit(text, random);
    return text;
  }
  const [header, body] = [JSON.stringify({ alg, kid: alg, typ: 'JWT' }), await payload({ claims })];
  return random(3) === 0 ? compact(edit(header, random), body, as(alg)) : compact(header, edit(body, random), as(alg));
}

/** All that a header can carry, but for what ends a credential. */
const LETTERS = Array.from({ length: 0x7f - 0x21 }, (_, at) => String.fromCharCode(0x21 + at)).filter((letter) => letter !== ',');

function edit(text: string, random: (below: number) => number): string {
  const [at, letter] = [random(text.length), LETTERS[random(LETTERS.length)]!];
  const [before, after] = [text.slice(0, at), text.slice(at + 1)];
  const edits = [
    () => before + letter + after,
    () => before + letter + text.slice(at),
    () => before + after,
    () => before + text.slice(at, at + 1).repeat(2) + after,
    () => {
      const flipped = String.fromCharCode(text.charCodeAt(at) ^ (1 << random(7)));
      return before + (LETTERS.includes(flipped) ? flipped : letter) + after;
    },
  ];
  return edits[random(edits.length)]!();
}

/** Numbers below a limit, the same for the same seed (mulberry32). */
function numbers(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
