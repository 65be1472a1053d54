import type { Row } from '../../store.js';
import { MAY_WRITE, OPEN } from './open.js';
import { readRow } from './row.js';
import { script } from './script.js';

/** After the epoch: keys. Answers the row of each, or nothing where there is none. */
export const LOOK_UP = script(`${OPEN}
${MAY_WRITE}
if not is_whole() then return incomplete('rows were there, and are gone') end
local found = {}
for at = 2, #ARGV do
  local row = redis.call('HGET', rows, ARGV[at]) or ''
  local is_live = (tonumber(string.match(row, '^%S+')) or math.huge) > now
  found[at - 1] = is_live and row or ''
end
return found
`);

/** Reads what {@link LOOK_UP} answers. */
export function readFound(keys: readonly string[], answer: unknown): Row[] {
  const texts = (answer as unknown[]).map(String);
  return keys.flatMap((key, at) => (texts[at] ? readRow(key, texts[at]) : []));
}
