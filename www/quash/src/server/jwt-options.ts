import type { CoreOptions } from './core.js';
import type { Store } from './store.js';
import { addTimeSpan } from './time-span.js';

/** Seconds, or what the npm package ms reads: `'15m'`, `'1h'`. */
export type TimeSpan = number | string;

/** What `rotate` needs. */
export interface RefreshOptions {
  /**
   * Where it is kept which refresh tokens were used, each until it is dead: `quash/redis` with a `prefix` of its own, so that nobody follows them, or
   * `quash/memory`; never `quash/kv`.
   */
  readonly uses: Store;
  /**
   * How long after its first use a refresh token may be used again: by the user's other tab, or because an answer was lost. By default 10 seconds; 1 at
   * least, and 60 at most. The clocks of servers must differ by less.
   */
  readonly grace?: TimeSpan;
}

export interface JwtOptions {
  /** Where revocations are kept: `quash/redis`, `quash/kv`, `quash/memory`. */
  readonly store: Store;
  /**
   * A secret of 32 bytes or more, at random, under which all names in the store are hashed; the same for all processes that share
   * it. Or several, the current one first, while it is changed.
   */
  readonly pepper: string | readonly string[];
  /** The longest that a token may live. A revocation of all of somebody's tokens is kept that long. */
  readonly maxLifetime: TimeSpan;
  /**
   * How far the clocks of those may differ who sign and verify: by default 5 seconds. A `destroy({ sub })` covers what is issued within that time
   * after it, too, and `clockTolerance` may be no more.
   */
  readonly leeway?: TimeSpan;
  /** By what tokens can be destroyed besides `jti`, `sid`, `sub`, `client_id`, `kid` and `iss`: a tenant, a device. */
  readonly revocableClaims?: readonly string[];
  /** How long after it was destroyed another process may accept a token: 1 second or more, by default 5; of no meaning where the
   * store has no log. */
  readonly maxStaleness?: TimeSpan;
  /** For `rotate`: refresh tokens, each of which is good for one use. */
  readonly refresh?: RefreshOptions;
  /**
   * What happens while the store cannot be reached for longer. `closed`: nothing is accepted, which is the default. `lastKnownGood`:
   * what was not known to be destroyed as long ago. `dangerOpen`: whatever is not known to be destroyed.
   */
  readonly outage?: 'closed' | { readonly lastKnownGood: TimeSpan } | 'dangerOpen';
}

/** @throws TypeError with what is wrong with the options. */
export function coreOptions(options: JwtOptions): CoreOptions {
  const { store, pepper, maxLifetime, leeway = 5, revocableClaims = [], maxStaleness = 5, outage = 'closed' } = options;
  if (typeof store?.append !== 'function') throw new TypeError('"store" is needed');
  const peppers = typeof pepper === 'string' ? [pepper] : pepper;
  if (!Array.isArray(peppers) || peppers.some((one) => typeof one !== 'string')) {
    throw new TypeError('"pepper" is needed: a secret of 32 bytes or more, or several');
  }
  const lifetime = millis('maxLifetime', maxLifetime);
  if (lifetime === 0) throw new TypeError('"maxLifetime" must be more than nothing');
  return {
    peppers,
    maxLifetime: lifetime,
    leeway: millis('leeway', leeway),
    revocableClaims,
    ...(store.log && { maxStaleness: millis('maxStaleness', maxStaleness) }),
    ...outageOptions(outage),
  };
}

function outageOptions(outage: JwtOptions['outage']): Pick<CoreOptions, 'lastKnownGood' | 'dangerOpen'> {
  if (outage === 'closed') return {};
  if (outage === 'dangerOpen') return { dangerOpen: true };
  const lastKnownGood = outage?.lastKnownGood;
  if (lastKnownGood === undefined) throw new TypeError('"outage" must be closed, { lastKnownGood } or dangerOpen');
  return { lastKnownGood: millis('outage.lastKnownGood', lastKnownGood) };
}

function millis(name: string, span: TimeSpan): number {
  const seconds = addTimeSpan(0, span);
  if (seconds !== undefined && Number.isFinite(seconds) && seconds >= 0) return Math.floor(seconds * 1000);
  throw new TypeError(`"${name}" should be a number of seconds or string representing a timespan eg: "1d", "20h", 60`);
}
