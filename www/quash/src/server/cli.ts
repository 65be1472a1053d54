#!/usr/bin/env node
/** `npx quash import`: brings a denylist that there is already to the edge. */
import { parseArgs } from 'node:util';

import { type RedisKeys, readKeys } from './import/redis-keys.js';
import { send } from './import/send.js';
import { type Imported, readDemands } from './import/source.js';

const USAGE = `quash import --to <url> --client <id> [--iss <issuer>] [--reason <reason>] (<file>... | --redis <url> --keys <prefix> [--as <member>])

  Revokes by the Admin API what a denylist has that there is already. The client's secret is read from QUASH_CLIENT_SECRET.

  --to      where the Admin API is: https://edge.example/auth/admin
  --iss     the issuer, of what does not say one
  --reason  the reason, of what does not say one
  <file>    NDJSON, or CSV if its name ends so; - for the standard input. Members are those of docs/admin.md: token, jti, sid, sub, …
  --redis   where keys are: redis://127.0.0.1:6379. Needs the package redis, 4 or later, beside this one
  --keys    what the keys begin with; the rest of each is what it revokes
  --as      which member that is: jti (the default), token, sid or sub

  What is refused is told on the standard error, with the code. Ends with 1 if anything was, with 2 if it was called wrongly.
  May be repeated: what is revoked stays so.
`;

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const options = { to: text, client: text, iss: text, reason: text, redis: text, keys: text, as: { ...text, default: 'jti' } } as const;
  let parsed;
  try {
    parsed = parseArgs({ options, allowPositionals: true });
  } catch (error) {
    return wrong((error as Error).message);
  }
  const { values, positionals: [command, ...files] } = parsed;
  const { to, client, iss, reason, redis, keys, as } = values;
  const secret = process.env['QUASH_CLIENT_SECRET'];
  if (command !== 'import') return wrong(command === undefined ? 'no command' : `no such command: ${command}`);
  if (to === undefined || client === undefined) return wrong('--to and --client are needed');
  if (!secret) return wrong('QUASH_CLIENT_SECRET is not set');
  if ((redis === undefined) !== (keys === undefined)) return wrong('--redis and --keys go together');
  if ((redis === undefined) === (files.length === 0)) return wrong('either files or --redis');

  const counts = { revoked: 0, expired: 0, refused: 0 };
  const source = redis === undefined || keys === undefined ? fromFiles(files) : fromRedis(redis, keys, as);
  const destination = { url: to.replace(/\/$/, ''), client, secret };
  for await (const { from, outcome, code, detail } of send(completed(source, { iss, reason }), destination)) {
    counts[outcome] += 1;
    if (outcome === 'refused') console.error(`${from}: ${code}: ${detail}`);
  }
  console.log(`${counts.revoked} revoked, ${counts.expired} expired already, ${counts.refused} refused`);
  return counts.refused > 0 ? 1 : 0;
}

async function* fromFiles(files: readonly string[]): AsyncGenerator<Imported> {
  for (const file of files) yield* readDemands(file);
}

async function* fromRedis(url: string, prefix: string, name: string): AsyncGenerator<Imported> {
  // Whoever has keys there has it; nobody else needs it.
  const installed = 'redis';
  const { createClient } = (await import(installed)) as {
    createClient(options: { url: string }): { connect(): Promise<RedisKeys & { quit(): Promise<unknown> }> };
  };
  const client = await createClient({ url }).connect();
  try {
    yield* readKeys(client, prefix, name);
  } finally {
    await client.quit();
  }
}

/** A token says by itself who issued it. */
async function* completed(
  source: AsyncIterable<Imported>,
  { iss, reason }: { iss: string | undefined; reason: string | undefined },
): AsyncGenerator<Imported> {
  for await (const { from, demand } of source) {
    const issuer = iss !== undefined && demand['iss'] === undefined && demand['token'] === undefined ? { iss } : {};
    yield { from, demand: { ...issuer, ...(reason !== undefined && { reason }), ...demand } };
  }
}

function wrong(problem: string): number {
  console.error(`quash: ${problem}\n\n${USAGE}`);
  return 2;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`quash: ${(error as Error).message}`);
  process.exitCode = 1;
}
