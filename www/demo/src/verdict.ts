/** The last act: who still gets in. Only what the two answers show; nothing is assumed of the logout. */
import type { Answer } from './bank.ts';
import { find } from './find.ts';
import type { Attempt } from './thief.ts';
import { delay, duration } from './words.ts';

export function showVerdict(you: Answer, thief: Attempt, expiresAt: number): void {
  const section = find('verdict', HTMLElement);
  section.dataset['thief'] = thief.answer.account ? 'in' : isRefused(thief.answer) ? 'out' : 'unknown';
  find('verdict-title', HTMLElement).textContent = title(you, thief.answer);
  find('verdict-text', HTMLElement).textContent = text(thief, duration(expiresAt - Date.now()));
}

function title(you: Answer, thief: Answer): string {
  if (you.account) return 'You are not out.';
  if (thief.account) return 'You are out. The thief is not.';
  return isRefused(thief) ? 'You are out. So is the thief.' : 'Nobody knows yet.';
}

function text({ answer, sinceLogout = 0 }: Attempt, left: string): string {
  if (answer.account) {
    return `The stolen copy opens your account for another ${left}. No button can stop it: nobody remembers that you left.`;
  }
  if (isRefused(answer)) {
    return `The stolen copy was refused ${delay(sinceLogout)} after the logout. It had ${left} left to live.`;
  }
  return `The thief got no verdict (${answer.code}). Use the stolen copy once more.`;
}

/** An outage is no refusal: it lasts as long as it lasts. */
function isRefused({ status }: Answer): boolean {
  return status === 401;
}
