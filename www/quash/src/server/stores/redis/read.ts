import type { LogPart, Part } from '../../store.js';
import { MAY_WRITE, OPEN } from './open.js';
import { readRow } from './row.js';
import { script } from './script.js';
import { type Answer, NO_TAIL, extend } from './tail.js';

/** How many numbers are on a page, and the most rows of an answer: as crates/core/src/ledger/page.rs says. */
const PAGE = 1024;
const MAX_ROWS = 16_384;

/** How many members Lua can give to one command. */
const MAX_UNPACKED = 4096;

/**
 * After the epoch: the number of a page, or `head`; then the epoch and the number up to which the asker has read the head. Answers
 * a list of the epoch, the span's two ends, the head, the number above which rows follow, and the time; then of these rows a
 * list of keys, one of numbers (but for a page, which nothing is added to), and the rows in as many lists as it takes. Which span that is, `Part::span` and `Span::before` in
 * crates/core/src/ledger/page.rs say. What is to be made of the rows is not done here, where everybody waits for it.
 */
export const READ = script(`${OPEN}
${MAY_WRITE}
if not is_whole() then return incomplete('rows were there, and are gone') end
local epoch, head = unpack(redis.call('HMGET', state, 'epoch', 'head'))
head = tonumber(head)

local page, full = tonumber(ARGV[2]), math.floor(head / ${PAGE})
local is_page = page and page < full
local from, to = math.max(math.floor(math.max(head - 1, 0) / ${PAGE}) - 1, 0) * ${PAGE}, head
if is_page then from, to = page * ${PAGE}, full * ${PAGE} end

-- A log that went back has nothing in common with what was read of it.
local since, known = from, tonumber(ARGV[4])
if ARGV[3] == epoch and from < known and known <= head then since = known end

local keys = redis.call('ZRANGEBYSCORE', log, '(' .. text(since), text(to), 'LIMIT', 0, ${MAX_ROWS} + 1)
if #keys > ${MAX_ROWS} then
  local number = tonumber(redis.call('ZSCORE', log, keys[#keys]))
  to = math.floor((number - 1) / ${PAGE}) * ${PAGE}
  keys = redis.call('ZRANGEBYSCORE', log, '(' .. text(from), text(to))
end
local numbers = {}
if not is_page then
  for at, key in ipairs(keys) do numbers[at] = redis.call('ZSCORE', log, key) end
end

local answer = { { epoch, text(from), text(to), text(head), text(since), text(now) }, keys, numbers }
for first = 1, #keys, ${MAX_UNPACKED} do
  answer[#answer + 1] = redis.call('HMGET', rows, unpack(keys, first, math.min(first + ${MAX_UNPACKED} - 1, #keys)))
end
return answer
`);

/** Reads parts of a log by {@link READ}, which `call` runs. */
export function reader() {
  let tail = NO_TAIL;
  return async (part: Part, call: (args: readonly string[]) => Promise<unknown>): Promise<LogPart> => {
    const known = part === 'head' ? tail : NO_TAIL;
    const answer = readAnswer(await call([String(part), known.epoch, String(known.to)]));
    const whole = extend(known, answer);
    // Of two that were asked for at once, either will do.
    if (part === 'head') tail = whole;
    const { epoch, from, to, head } = answer;
    return { epoch, from, to, head, rows: whole.rows.map(({ row }) => row) };
  };
}

function readAnswer(answer: unknown): Answer {
  const [about, keys, numbers, ...lists] = answer as [unknown[], unknown[], unknown[], ...unknown[][]];
  const [epoch = '', ...spans] = about.map(String);
  const [from = NaN, to = NaN, head = NaN, since = NaN, now = NaN] = spans.map(Number);
  const found = lists.flat();
  // One that is not there cannot be read: there may be as many as there should be, but others, when somebody wrote by hand.
  const rows = keys.map((key, at) => ({ number: Number(numbers[at]), row: readRow(String(key), String(found[at])) }));
  return { epoch, from, to, head, since, now, rows };
}
