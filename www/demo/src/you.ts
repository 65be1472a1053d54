/** The panel "Your browser". */
import type { Account, Answer } from './bank.ts';
import { find } from './find.ts';
import { showStatus } from './status.ts';
import { money } from './words.ts';

export function showAccount({ name, account, currency, balance_cents, activity }: Account): void {
  find('account-name', HTMLElement).textContent = name;
  find('account-number', HTMLElement).textContent = account;
  find('account-balance', HTMLElement).textContent = money(balance_cents, currency);
  const rows = activity.map(({ what, cents }) => {
    const row = document.createElement('li');
    const amount = document.createElement('span');
    amount.textContent = money(cents, currency);
    row.append(what, amount);
    return row;
  });
  find('account-activity', HTMLElement).replaceChildren(...rows);
}

/** Takes the private data off the page. `answer` is what the server said when the page asked for it again. */
export function showSignedOut(answer: Answer): void {
  clear();
  find('gone-title', HTMLElement).textContent = answer.account ? 'You are still signed in' : 'You are signed out';
  find('gone-text', HTMLElement).textContent = outcome(answer);
  showStatus('you', answer);
}

/** The same, when another tab has logged out. */
export function showSignedOutElsewhere(): void {
  clear();
  find('gone-title', HTMLElement).textContent = 'Signed out in another tab';
  find('gone-text', HTMLElement).textContent = 'This tab heard of it, wiped what it kept, and took your data off the screen.';
  showStatus('you', undefined);
}

function clear(): void {
  for (const id of ['account-name', 'account-number', 'account-balance', 'account-activity']) {
    find(id, HTMLElement).replaceChildren();
  }
}

function outcome(answer: Answer): string {
  if (answer.account) return 'This page asked for your data again and got it.';
  switch (answer.code) {
    case 'token_missing':
      return 'This page asked for your data again and was refused: it has no pass left to show.';
    case 'token_revoked':
      return 'This page asked for your data again and was refused: its pass was logged out.';
    default:
      return `This page asked for your data again and was refused: ${answer.code}.`;
  }
}
