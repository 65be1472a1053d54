/** The demo's story: log in, be robbed, log out, see who still gets in. */
import { onLogout, preload } from 'quash';

import { asBrowser, logIn } from './bank.ts';
import { find } from './find.ts';
import { logOutAsUsual, logOutWithQuash, WIPE } from './logouts.ts';
import { reportOfQuash, reportOfUsual, showReport } from './report.ts';
import type { Aftermath, Report } from './report.ts';
import { enter, step } from './stage.ts';
import { showStatus } from './status.ts';
import { attempt, startStopwatch, steal } from './thief.ts';
import { fateOf, showTicket, stampTicket } from './ticket.ts';
import { showVerdict } from './verdict.ts';
import { refusal } from './words.ts';
import { showAccount, showSignedOut, showSignedOutElsewhere } from './you.ts';

const TITLE = document.title;

let expiresAt = 0;

/** Signed in: just now, or still from before a reload. */
async function begin(token: string): Promise<void> {
  const answer = await asBrowser();
  if (!answer.account) {
    find('login-problem', HTMLElement).textContent = `Please log in: ${refusal(answer.code)}.`;
    return start();
  }
  expiresAt = answer.account.expires_at;
  sessionStorage.setItem('account', JSON.stringify(answer.account)); // As pages do. A logout has to find it.
  showStatus('you', answer);
  showAccount(answer.account);
  showTicket(token, expiresAt);
  steal(token);
  enter('signed-in');
  step(2);
  document.title = TITLE;
  preload();
}

function start(): void {
  showStatus('you', undefined);
  showStatus('thief', undefined);
  enter('signed-out');
  step(1);
}

/** Logged out: the page and the thief both ask for the account again. */
async function finish(report: (after: Aftermath) => Report): Promise<void> {
  startStopwatch();
  const [thief, you] = await Promise.all([attempt(), asBrowser()]);
  showSignedOut(you);
  showVerdict(you, thief, expiresAt);
  showReport(report({ you, thief }));
  stampTicket(fateOf(thief.answer));
  enter('logged-out');
  step(5);
  find('verdict', HTMLElement).focus({ preventScroll: true });
}

find('login', HTMLFormElement).addEventListener('submit', async (event) => {
  event.preventDefault();
  const problem = find('login-problem', HTMLElement);
  problem.textContent = '';
  try {
    const { token } = await logIn(find('name', HTMLInputElement).value);
    localStorage.setItem('token', token);
    await begin(token);
  } catch (error) {
    problem.textContent = error instanceof Error ? error.message : String(error);
  }
});

find('thief-try', HTMLButtonElement).addEventListener('click', async () => {
  await attempt();
  if (document.documentElement.dataset['stage'] === 'signed-in') step(3);
});

find('logout-quash', HTMLButtonElement).addEventListener('click', async () => {
  const report = await logOutWithQuash();
  await finish((after) => reportOfQuash(report, after));
});

find('logout-usual', HTMLButtonElement).addEventListener('click', async () => {
  await logOutAsUsual();
  await finish(reportOfUsual);
});

for (const button of document.querySelectorAll('[data-again]')) {
  button.addEventListener('click', () => {
    start();
    find('name', HTMLInputElement).focus();
  });
}

onLogout(() => {
  startStopwatch();
  showSignedOutElsewhere();
  enter('elsewhere');
  document.title = 'Signed out in another tab';
}, { sessionStorage: WIPE.sessionStorage });

document.documentElement.dataset['tab'] = new URLSearchParams(location.search).get('tab') ?? 'first';
const kept = localStorage.getItem('token');
if (kept) void begin(kept);
else start();
