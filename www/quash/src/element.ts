import { createLogout, type CreateLogoutOptions, type LogoutProgress, type LogoutState } from './create-logout.js';
import type { Scope, Selection, TokenSource, WipeOptions } from './options.js';
import { preload } from './preload.js';
import type { LogoutReport } from './report.js';

export type { LogoutState } from './create-logout.js';

const WORDS = {
  busy: 'Logging out…',
  done: 'Logged out.',
  queued: 'Logged out here. The rest follows when you are online.',
  failed: 'The log-out could not be completed.',
} as const;

/**
 * `<quash-logout>`: a button that logs out. Put your own button inside, or style the built-in one (`::part(button)`).
 *
 * Attributes: `endpoint`, `scope`, `token` (`cookie:NAME`, `localStorage:KEY` or `sessionStorage:KEY`); `wipe` (`everything` or
 * `tokens`), `keep`, and for each place `cookies`, `local-storage`, `session-storage`, `indexed-db`, `caches` (names between
 * spaces, `everything` or `tokens`); `service-worker`; `offline` (keep a handle for a logout that has to wait, see
 * `prepareLogout`); `redirect` (where to go after success).
 * Parts: `button`, `status`, `retry`. Slots: the button, and the words of each state: `busy`, `done`, `queued`, `failed`, `retry`.
 *
 * Fires `quash:logout` with the report in `detail`; preventing its default keeps the page from redirecting.
 */
export class QuashLogoutElement extends (globalThis.HTMLElement ?? (Object as unknown as typeof HTMLElement)) {
  readonly #logout = createLogout(() => this.#options());
  readonly #root = this.attachShadow({ mode: 'open' });
  readonly #entrance: HTMLSlotElement;
  readonly #status = part('span', 'status');
  readonly #retry = part('button', 'retry');
  #unsubscribe: (() => void) | undefined;

  constructor() {
    super();
    const button = part('button', 'button');
    button.append('Log out');
    this.#entrance = slot('', button);
    this.#status.setAttribute('role', 'status');
    this.#status.setAttribute('aria-live', 'polite');
    this.#retry.append(slot('retry', 'Try again'));

    // Nodes and no markup: a page's Content-Security-Policy or Trusted Types need not allow any.
    this.#root.append(this.#entrance, ' ', this.#status, ' ');
    for (const event of ['pointerenter', 'focusin']) this.addEventListener(event, () => void preload());
    for (const clickable of [this.#entrance, this.#retry]) clickable.addEventListener('click', () => void this.logout());
  }

  connectedCallback(): void {
    this.#unsubscribe = this.#logout.subscribe((progress) => this.#show(progress));
  }

  disconnectedCallback(): void {
    this.#unsubscribe?.();
  }

  get state(): LogoutState {
    return this.#logout.current().state;
  }

  /** Logs out as the attributes say, as a click does. A second call while the first is busy does nothing. */
  async logout(): Promise<void> {
    if (this.state === 'busy') return;
    // Also when the element leaves the page meanwhile: the menu that it was in may have closed with the click.
    const detail = await this.#logout.logout();
    const event = new CustomEvent('quash:logout', { detail, bubbles: true, composed: true, cancelable: true });
    if (this.dispatchEvent(event) && this.state !== 'failed') this.#redirect();
  }

  #show({ state }: LogoutProgress): void {
    if (state === 'idle') return;
    this.setAttribute('state', state);
    this.#status.replaceChildren(slot(state, WORDS[state]));
    // There or not there: `hidden` ends where a page's style gives the part a `display`.
    if (state === 'failed') return this.#root.append(this.#retry);
    const isFocused = this.#root.activeElement === this.#retry;
    this.#retry.remove();
    // With what it was on the focus would go, and whoever uses the keyboard begins at the top of the page.
    if (isFocused) (this.#entrance.assignedElements({ flatten: true })[0] as HTMLElement | undefined)?.focus();
  }

  #options(): CreateLogoutOptions {
    const caches = this.#selection('caches');
    return {
      endpoint: this.getAttribute('endpoint') ?? undefined,
      token: this.#tokenSource(),
      scope: (this.getAttribute('scope') as Scope | null) ?? undefined,
      wipe: (this.getAttribute('wipe') as WipeOptions['wipe'] | null) ?? undefined,
      keep: this.#names('keep'),
      cookies: this.#selection('cookies'),
      localStorage: this.#selection('local-storage'),
      sessionStorage: this.#selection('session-storage'),
      indexedDB: this.#selection('indexed-db'),
      caches: caches === 'tokens' ? undefined : caches,
      serviceWorker: this.hasAttribute('service-worker'),
      offline: this.hasAttribute('offline'),
    };
  }

  #selection(attribute: string): Selection | undefined {
    const value = this.getAttribute(attribute)?.trim();
    return value === 'everything' || value === 'tokens' ? value : this.#names(attribute);
  }

  #names(attribute: string): string[] | undefined {
    return this.getAttribute(attribute)?.split(/\s+/).filter(Boolean);
  }

  #tokenSource(): TokenSource | undefined {
    const [, place, name] = /^(cookie|localStorage|sessionStorage):(.+)$/.exec(this.getAttribute('token') ?? '') ?? [];
    return place && ({ [place]: name } as unknown as TokenSource);
  }

  #redirect(): void {
    const redirect = this.getAttribute('redirect');
    if (redirect === null) return;
    const url = new URL(redirect, document.baseURI);
    // Never `javascript:`, wherever the attribute's value came from.
    if (/^https?:$/.test(url.protocol)) location.assign(url);
  }
}

function part<Tag extends 'button' | 'span'>(tag: Tag, name: string): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  element.part.add(name);
  if (element instanceof HTMLButtonElement) element.type = 'button';
  return element;
}

function slot(name: string, fallback: string | HTMLElement): HTMLSlotElement {
  const element = document.createElement('slot');
  element.name = name;
  element.append(fallback);
  return element;
}

declare global {
  interface HTMLElementTagNameMap {
    'quash-logout': QuashLogoutElement;
  }
  interface GlobalEventHandlersEventMap {
    'quash:logout': CustomEvent<LogoutReport>;
  }
}

// On a server there is nothing to define.
if (globalThis.customElements && !customElements.get('quash-logout')) {
  customElements.define('quash-logout', QuashLogoutElement);
}
