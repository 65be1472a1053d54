/** What a logout did, in sentences. Only what was reported or can be seen from here. */
import type { Effect, LogoutReport } from 'quash';

import type { Answer } from './bank.ts';
import { find } from './find.ts';
import type { Attempt } from './thief.ts';
import { delay } from './words.ts';

/** One thing that was done (`yes`), was not needed (`skipped`), or was not done (`no`). */
interface Finding {
  readonly mark: 'yes' | 'skipped' | 'no';
  readonly text: string;
}

export interface Report {
  readonly browser: readonly Finding[];
  readonly edge: readonly Finding[];
  readonly remark: string;
}

/** What the page and the thief were told after the logout. */
export interface Aftermath {
  readonly you: Answer;
  readonly thief: Attempt;
}

export function showReport({ browser, edge, remark }: Report): void {
  find('report-browser', HTMLElement).replaceChildren(...browser.map(item));
  find('report-edge', HTMLElement).replaceChildren(...edge.map(item));
  find('report-remark', HTMLElement).textContent = remark;
}

export function reportOfQuash({ edge, effects, durationMs, engine, outcome }: LogoutReport, after: Aftermath): Report {
  const at = edge.revokedAt === undefined ? '' : ` at ${new Date(edge.revokedAt).toLocaleTimeString('en-GB')}`;
  return {
    browser: [...effects.filter(isFirstOfTabs).map(ofEffect), httpOnlyCookie(after)],
    edge: [
      outcome === 'confirmed'
        ? { mark: 'yes', text: `Confirmed${at}: this pass is dead` }
        : { mark: 'no', text: `Not confirmed: ${edge.code ?? edge.reason ?? edge.outcome ?? edge.status}` },
      copy(after),
    ],
    remark: `All of it took ${delay(durationMs)}${engine === 'wasm' ? ', in Rust, as WebAssembly' : ''}.`,
  };
}

/** The usual logout reports nothing; this is what can be seen. */
export function reportOfUsual(after: Aftermath): Report {
  const hasCookie = /(^|; )token=/.test(document.cookie);
  return {
    browser: [
      { mark: hasCookie ? 'no' : 'yes', text: 'Cookie “token”' },
      { mark: localStorage.getItem('token') === null ? 'yes' : 'no', text: 'localStorage “token”' },
      { mark: sessionStorage.length === 0 ? 'yes' : 'no', text: 'sessionStorage' },
      httpOnlyCookie(after),
      { mark: 'no', text: 'Your other tabs: not told' },
    ],
    edge: [{ mark: 'no', text: 'Not told: the pass is still signed, and not yet expired' }, copy(after)],
    remark: 'Nothing was done badly. It is just not enough.',
  };
}

/** The page cannot see that cookie; but a request that carries no pass shows that it is gone. */
function httpOnlyCookie({ you }: Aftermath): Finding {
  const isGone = !you.account && you.code === 'token_missing';
  return { mark: isGone ? 'yes' : 'no', text: `HttpOnly cookie “session”${isGone ? ', by the server’s answer' : ': still sent'}` };
}

function copy({ thief: { answer, sinceLogout = 0 } }: Aftermath): Finding {
  const came = answer.account ? 'let in' : `refused, ${answer.code}`;
  return { mark: answer.account ? 'no' : 'yes', text: `A copy that came ${delay(sinceLogout)} later: ${came}` };
}

/** Other tabs are told in two ways, of which one is enough. */
function isFirstOfTabs(effect: Effect, index: number, all: readonly Effect[]): boolean {
  if (effect.target !== 'tabs') return true;
  const best = all.find(({ target, outcome }) => target === 'tabs' && outcome === 'done');
  return best ? effect === best : index === all.findIndex(({ target }) => target === 'tabs');
}

function ofEffect({ target, name, outcome, reason }: Effect): Finding {
  const mark = outcome === 'done' ? 'yes' : outcome === 'skipped' ? 'skipped' : 'no';
  const why = outcome === 'done' ? '' : `: ${reason?.replaceAll('_', ' ') ?? outcome}`;
  switch (target) {
    case 'tabs':
      return { mark, text: `Your other tabs${why || ': told'}` };
    case 'cookies':
      return { mark, text: `Cookie “${name}”${why}` };
    default:
      return { mark, text: `${target}${name === '*' ? '' : ` “${name}”`}${why}` };
  }
}

function item({ mark, text }: Finding): HTMLElement {
  const element = document.createElement('li');
  element.dataset['mark'] = mark;
  element.textContent = text;
  return element;
}
