/** What is to be revoked, wherever it is read from. */
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';

import { readCsv } from './csv.js';

/** A demand of the Admin API, as JSON, and what people call the place that it is from. */
export interface Imported {
  readonly from: string;
  readonly demand: Readonly<Record<string, unknown>>;
}

/** What may stand in a demand as a number. */
const NUMBERS = ['exp', 'before'];

/**
 * Demands of a file, or for `-` of the standard input: a JSON object on each line, or CSV for a name that ends so, whose names are a
 * demand's members.
 *
 * @throws SyntaxError that says where it cannot be read.
 */
export async function* readDemands(file: string): AsyncGenerator<Imported> {
  const content = file === '-' ? await text(process.stdin) : await readFile(file, 'utf8');
  if (file.toLowerCase().endsWith('.csv')) {
    for (const { line, record } of readCsv(content)) {
      const number = ([name, value]: [string, string]) => [name, NUMBERS.includes(name) ? Number(value) : value] as const;
      yield { from: `${file}:${line}`, demand: Object.fromEntries(Object.entries(record).map(number)) };
    }
    return;
  }
  for (const [at, line] of content.split('\n').entries()) {
    if (line.trim() === '') continue;
    const from = `${file}:${at + 1}`;
    const demand = parse(line, from);
    if (typeof demand !== 'object' || demand === null || Array.isArray(demand)) throw new SyntaxError(`${from}: no JSON object`);
    yield { from, demand: demand as Record<string, unknown> };
  }
}

function parse(line: string, from: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new SyntaxError(`${from}: ${(error as Error).message}`);
  }
}
