import type { Answer } from './bank.ts';
import { find } from './find.ts';

/**
 * Shows an HTTP status in a panel's title bar. The same 200 is good news in one panel and bad news in the other, so the
 * colour is up to the panel.
 */
export function showStatus(panel: 'you' | 'thief', answer: Answer | undefined): void {
  const output = find(`${panel}-status`, HTMLOutputElement);
  output.textContent = !answer ? '' : answer.account ? '200 OK' : `${answer.status} ${answer.code}`;
  output.dataset['granted'] = answer ? String(answer.account !== undefined) : '';
}
