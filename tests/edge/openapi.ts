/** docs/openapi.json, and what it says of an answer. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

import { Ajv2020 } from 'ajv/dist/2020.js';

import { ROOT } from '../../www/demo/wrangler.ts';
import type { Answer } from './requests.ts';

export const openapi = JSON.parse(readFileSync(resolve(ROOT, 'docs/openapi.json'), 'utf8'));

const METHODS = ['get', 'post', 'put', 'patch', 'delete'];

// `strict` finds what is misspelt in a schema. OpenAPI's own words are none of a schema's.
const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: true });
ajv.addVocabulary(['openapi', 'info', 'servers', 'tags', 'paths', 'components']);
ajv.addSchema(openapi, 'openapi.json');

/** Every path, with its methods. */
export const operations: readonly (readonly [path: string, method: string])[] = Object.entries<object>(openapi.paths).flatMap(
  ([path, item]) => Object.keys(item).filter((name) => METHODS.includes(name)).map((method) => [path, method.toUpperCase()] as const),
);

/** Holds an answer to what is said of it: its status, type, headers and body. A body of lines is held to the schema of a line. */
export function check(path: string, method: string, { status, headers, body }: Answer): void {
  const { responses } = openapi.paths[path][method.toLowerCase()];
  const name = String(status) in responses ? String(status) : 'default';
  const response = resolved(responses[name]);
  assert.ok(response, `${method} ${path} has no answer ${status}`);
  for (const [name, header] of Object.entries<any>(response.headers ?? {})) {
    const { schema, required } = resolved(header);
    const value = headers.get(name);
    if (value !== null) hold(`${path} ${status} ${name}`, schema, value);
    else assert.ok(!required, `${method} ${path} ${status} has no ${name}`);
  }
  const type = headers.get('content-type');
  if (response.content === undefined) return void assert.ok(body === '', `${method} ${path} ${status} has a body`);
  const content = response.content[type ?? ''];
  assert.ok(content, `${method} ${path} ${status} is no ${type}`);
  const what = `${method} ${path} ${status}`;
  if (type === 'application/x-ndjson') for (const line of body) hold(what, { $ref: '#/components/schemas/ReceiptOfLine' }, line);
  else hold(what, content.schema, body);
}

function resolved(value: any): any {
  if (value?.$ref === undefined) return value;
  return value.$ref.slice(2).split('/').reduce((found: any, step: string) => found[step], openapi);
}

const validators = new Map<string, ReturnType<typeof ajv.compile>>();

function hold(what: string, schema: object, value: unknown): void {
  // As if it stood in the document, whose references it has.
  const text = JSON.stringify(schema).replaceAll('"#/', '"openapi.json#/');
  const validate = validators.get(text) ?? ajv.compile(JSON.parse(text));
  validators.set(text, validate);
  assert.ok(validate(value), `${what}: ${ajv.errorsText(validate.errors)}\n${JSON.stringify(value)}`);
}

/** Whether a value is what a schema of the document's has. */
export function isValid(schema: string, value: unknown): boolean {
  try {
    hold(schema, { $ref: `#/components/schemas/${schema}` }, value);
    return true;
  } catch {
    return false;
  }
}
