/** The picture of the pass: a real token, its three parts, its time. */
import type { Answer } from './bank.ts';
import { find } from './find.ts';
import { duration } from './words.ts';

/** `live`: in use. `stolen`: logged out here, alive elsewhere. `revoked`: dead everywhere. */
export type Fate = 'live' | 'stolen' | 'revoked';

const STAMPS: Record<Fate, string> = { live: '', stolen: 'Still valid', revoked: 'Revoked' };

let clock: number | undefined;

export function showTicket(token: string, expiresAt: number): void {
  const parts = token.split('.').map((part, index) => {
    const span = document.createElement('span');
    span.className = `segment-${index + 1}`;
    span.textContent = part;
    return index === 0 ? [span] : ['.', span];
  });
  find('ticket-token', HTMLElement).replaceChildren(...parts.flat());

  const life = find('ticket-life', HTMLElement);
  const tick = () => {
    const left = expiresAt - Date.now();
    life.textContent = left > 0 ? `good for ${duration(left)}` : 'expired';
  };
  clearInterval(clock);
  clock = setInterval(tick, 1000);
  tick();
  stampTicket('live');
}

/** What a copy's answer after a logout says of all copies. */
export function fateOf(copy: Answer): Fate {
  if (copy.account) return 'stolen';
  return copy.code === 'token_revoked' ? 'revoked' : 'live';
}

export function stampTicket(fate: Fate): void {
  find('ticket', HTMLElement).dataset['fate'] = fate;
  find('ticket-stamp', HTMLElement).textContent = STAMPS[fate];
  if (fate !== 'revoked') return;
  clearInterval(clock);
  find('ticket-life', HTMLElement).textContent = 'good for nothing';
}
