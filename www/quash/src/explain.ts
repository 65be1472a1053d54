import type { LogoutReport } from './report.js';

const OUTCOMES = {
  confirmed: 'The token is revoked: no copy of it is accepted any more.',
  queued: 'The edge could not be told yet. It will be, as soon as it can be reached.',
  'local-only': 'This browser is wiped, but the edge has not revoked the token: a copy of it works until it expires.',
} as const;

const REASONS = {
  not_found: 'was not there',
  denied: 'was denied by the browser',
  remains: 'is still there',
  timeout: 'did not answer in time',
} as const;

/** The report in sentences, for a log or a support ticket. No names of items are values: nothing secret is in it. */
export function explain({ outcome, edge, effects, engine, durationMs }: LogoutReport): string {
  const said = edge.outcome ?? edge.code ?? edge.reason;
  const lines = effects.map(({ target, name, outcome, reason, count }) => {
    const what = `${target} ${name}`;
    if (outcome === 'done') return `✓ ${what}${count === undefined ? '' : ` (${count})`}`;
    return `${outcome === 'skipped' ? '–' : '✗'} ${what} ${REASONS[reason ?? 'not_found']}`;
  });
  return [
    OUTCOMES[outcome],
    `The edge: ${edge.status || 'no answer'}${said ? `, ${said}` : ''}.`,
    ...lines,
    edge.status === 200
      ? '✓ cookies that scripts cannot read (HttpOnly): expired by the answer, as far as the edge knows their names'
      : '✗ cookies that scripts cannot read (HttpOnly): only the answer of the edge can expire them',
    `${engine}, ${Math.round(durationMs)} ms`,
  ].join('\n');
}
