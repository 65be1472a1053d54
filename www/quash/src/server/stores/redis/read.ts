import type { LogPart } from '../../store.js';
import { OPEN } from './open.js';
import { readRow } from './row.js';
import { script } from './script.js';

/** How many numbers are on a page, and the most rows of an answer: as crates/core/src/ledger/page.rs says. */
const PAGE = 1024;
const MAX_ROWS = 16_384;

/** How many members Lua can give to one command. */
const MAX_UNPACKED = 4096;

/**
 * After the epoch: the number of a page, or `head`. Answers a list of the epoch, the span's two ends, the head and the time; one of the
 * keys; and lists of the rows, as many as it takes. Which span that is, `Part::span` and `Span::before` in
 * crates/core/src/ledger/page.rs say. What is to be made of the rows is not done here, where everybody waits for it.
 */
export const READ = script(`${OPEN}
if not is_whole() then return incomplete('rows were there, and are gone') end
local epoch, head = unpack(redis.call('HMGET', state, 'epoch', 'head'))
head = tonumber(head)

local page, full = tonumber(ARGV[2]), math.floor(head / ${PAGE})
local from, to = math.max(math.floor(math.max(head - 1, 0) / ${PAGE}) - 1, 0) * ${PAGE}, head
if page and page < full then from, to = page * ${PAGE}, full * ${PAGE} end

local keys = redis.call('ZRANGEBYSCORE', log, '(' .. text(from), text(to), 'LIMIT', 0, ${MAX_ROWS} + 1)
if #keys > ${MAX_ROWS} then
  local number = tonumber(redis.call('ZSCORE', log, keys[#keys]))
  to = math.floor((number - 1) / ${PAGE}) * ${PAGE}
  keys = redis.call('ZRANGEBYSCORE', log, '(' .. text(from), text(to))
end

local answer = { { epoch, text(from), text(to), text(head), text(now) }, keys }
for first = 1, #keys, ${MAX_UNPACKED} do
  answer[#answer + 1] = redis.call('HMGET', rows, unpack(keys, first, math.min(first + ${MAX_UNPACKED} - 1, #keys)))
end
return answer
`);

/** Reads what {@link READ} answers. */
export function readPart(answer: unknown): LogPart {
  const [about, keys, ...lists] = answer as [unknown[], unknown[], ...unknown[][]];
  const [epoch = '', from, to, head, now] = about.map(String);
  const found = lists.flat();
  // One that is not there cannot be read: there may be as many as there should be, but others, when somebody wrote by hand.
  const rows = keys.map((key, at) => readRow(String(key), String(found[at])));
  const live = rows.filter(({ expiresAt }) => expiresAt > Number(now));
  return { epoch, from: Number(from), to: Number(to), head: Number(head), rows: live };
}
