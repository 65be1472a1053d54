/** Second opinions on tokens: the `jsonwebtoken` crate's, and jose's on ES512, which that crate lacks. */
import { spawn } from 'node:child_process';
import { type JsonWebKey, createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';

import { type JWTVerifyGetKey, jwtVerify } from 'jose';

import { ROOT } from '../../www/demo/wrangler.ts';
import { LONG_SECRET, signingKeys } from './tokens.ts';

/** `cargo xtask test e2e` builds it and says where; without that, it is `cargo build --package quash-core --example oracle`. */
const PROGRAM = process.env['QUASH_ORACLE'] ?? resolve(ROOT, 'target/debug/examples/oracle');

const SECRETS = { HS256_SECRET: Buffer.from(signingKeys.HS256).toString(), LONG_SECRET } as const;

/** What a configured issuer has in `QUASH.issuers`, as far as an oracle reads it. */
export interface ConfiguredIssuer {
  readonly issuer: string;
  readonly audiences: readonly string[];
  readonly leeway: number;
  readonly required_claims: readonly string[];
  readonly keys: readonly ConfiguredKey[];
}

interface ConfiguredKey {
  readonly kid?: string;
  readonly alg: string;
  readonly secret?: string;
  readonly pem?: string;
  readonly jwk?: JsonWebKey;
}

export interface Oracle {
  /** `accepted`, or why not. */
  ask(token: string): Promise<string>;
  stop(): void;
}

/** Starts the oracle; it is asked with the same issuers as the Worker, and chooses keys as that does. */
export async function startOracle(issuers: readonly ConfiguredIssuer[]): Promise<Oracle> {
  const program = spawn(PROGRAM, { stdio: ['pipe', 'pipe', 'inherit'] });
  await once(program, 'spawn');
  const waiting: PromiseWithResolvers<string>[] = [];
  createInterface(program.stdout).on('line', (line) => waiting.shift()?.resolve(line));
  program.on('exit', (code) => {
    for (const { reject } of waiting) reject(new Error(`the oracle ended with ${code}`));
  });
  const send = (value: unknown) => program.stdin.write(`${JSON.stringify(value)}\n`);

  const isJoses = ({ alg }: ConfiguredKey) => alg === 'ES512';
  send(issuers.map(({ keys, ...rest }) => ({ ...rest, keys: keys.filter((key) => !isJoses(key)).map(withSecret) })));
  const joses = issuers.flatMap((issuer) => issuer.keys.filter(isJoses).map((key) => joseWith(issuer, key)));
  return {
    ask: async (token) => {
      const answer = Promise.withResolvers<string>();
      waiting.push(answer);
      send(token);
      const opinions = await Promise.all([answer.promise, ...joses.map((jose) => jose(token))]);
      // No key is with two of them, so one that accepts is the one to be asked.
      return opinions.includes('accepted') ? 'accepted' : opinions.join(' / ');
    },
    stop: () => program.stdin.end(),
  };
}

function withSecret({ secret, ...key }: ConfiguredKey): ConfiguredKey {
  return secret === undefined ? key : { ...key, secret: SECRETS[secret as keyof typeof SECRETS] };
}

function joseWith({ issuer, audiences, leeway, required_claims }: ConfiguredIssuer, { kid, alg, jwk }: ConfiguredKey) {
  const key = createPublicKey({ key: jwk!, format: 'jwk' });
  const choose: JWTVerifyGetKey = (header) => {
    if (header.kid !== kid) throw new Error('no such kid');
    return key;
  };
  const options = {
    algorithms: [alg],
    issuer,
    audience: [...audiences],
    clockTolerance: leeway,
    requiredClaims: ['exp', ...required_claims],
  };
  return (token: string): Promise<string> =>
    jwtVerify(token, choose, options).then(
      () => 'accepted',
      (error: Error) => error.message,
    );
}
