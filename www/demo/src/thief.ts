/** The panel "The thief": holds a string, and nothing else of the user's. */
import { asHolderOf } from './bank.ts';
import type { Answer } from './bank.ts';
import { find } from './find.ts';
import { showStatus } from './status.ts';
import { abridged, delay, money, refusal } from './words.ts';

const ATTEMPTS_SHOWN = 3;

/** Of `performance.now()`; after a logout every attempt says how much later it came. */
let loggedOutAt: number | undefined;
let copy = '';

/** The thief copies `token`. From here on the page does not touch the copy: logging out cannot reach it. */
export function steal(token: string): void {
  copy = token;
  loggedOutAt = undefined;
  find('thief-token', HTMLElement).textContent = abridged(token);
  find('thief-result', HTMLElement).replaceChildren();
  find('thief-attempts', HTMLElement).replaceChildren();
  showStatus('thief', undefined);
}

/** The user has logged out, now. */
export function startStopwatch(): void {
  loggedOutAt = performance.now();
}

/** What came of one attempt. */
export interface Attempt {
  readonly answer: Answer;
  /** Milliseconds from the logout to the answer. */
  readonly sinceLogout: number | undefined;
}

/** Replays the copy. */
export async function attempt(): Promise<Attempt> {
  const answer = await asHolderOf(copy);
  const sinceLogout = loggedOutAt === undefined ? undefined : performance.now() - loggedOutAt;
  showStatus('thief', answer);
  find('thief-result', HTMLElement).replaceChildren(...result(answer));

  const line = document.createElement('li');
  line.dataset['granted'] = String(answer.account !== undefined);
  const when = sinceLogout === undefined ? 'before the logout' : `${delay(sinceLogout)} after the logout`;
  line.append(strong(answer.account ? '200' : `${answer.status} ${answer.code}`), when);
  const attempts = find('thief-attempts', HTMLElement);
  attempts.prepend(line);
  attempts.children[ATTEMPTS_SHOWN]?.remove();
  return { answer, sinceLogout };
}

function result(answer: Answer): Node[] {
  const lines = document.createElement('span');
  lines.dataset['granted'] = String(answer.account !== undefined);
  if (answer.account) {
    const { name, account, balance_cents, currency, activity } = answer.account;
    const rows = [
      ['name', name],
      ['account', account],
      ['balance', money(balance_cents, currency)],
      ...activity.map(({ what, cents }) => [what, money(cents, currency)]),
    ];
    lines.append(rows.map(([what = '', value]) => `${what.padEnd(16)}${value}`).join('\n'));
  } else {
    lines.append(strong(String(answer.status)), ` ${answer.code}\nRefused: ${refusal(answer.code)}.`);
  }
  return [lines];
}

function strong(text: string): HTMLElement {
  const element = document.createElement('strong');
  element.textContent = text;
  return element;
}
